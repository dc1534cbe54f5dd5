import { expect, test } from "vitest";
import { LONG_LIST, sealShortMessages } from "../../src/ciphers/gcm/gcm-seal-many.ts";
import { readMessages } from "../../src/ciphers/gcm/many-messages.ts";
import { seeded } from "../reference/seeded.ts";

// Long lists are sealed group by group. What GCM does to the engine's records is the contract's; here it is only counted.

test("of a long list with a nonce twice, not even the first group is sealed", () => {
  const random = seeded("nonces of long lists");
  const data = random.bytes(64);
  const list = Array.from({ length: LONG_LIST + 500 }, () => ({ nonce: random.bytes(12), data }));
  let sealed = 0;
  const sealing = {
    tagLength: 16,
    seal: (_first: number, count: number) => {
      sealed += count;
    },
  };
  expect(sealShortMessages(readMessages(list), sealing)).toHaveLength(list.length);
  expect(sealed).toBe(list.length);
  const last = list.length - 1;
  for (const wrong of [list[0]!.nonce, list[last - 1]!.nonce, random.bytes(11), random.bytes(0), "nonce" as never]) {
    sealed = 0;
    const twice = list.with(last, { nonce: wrong, data });
    expect(sealShortMessages(readMessages(twice), sealing)).toBeUndefined();
    expect(sealed).toBe(0);
  }
});
