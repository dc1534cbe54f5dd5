import { sm4Gcm } from "lanelock";
import { expect, test } from "vitest";
import { nonceFinder } from "../reference/chosen-counter.ts";
import type { TagLength } from "../reference/ciphers.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import type { SealInput } from "../reference/openssl-modes.ts";
import { node26Sm4Gcm } from "../reference/other-nodes.ts";
import { seeded } from "../reference/seeded.ts";

// Node before 26 has no SM4-GCM: one child of Node 26 seals every message, the engine here seals and opens the same.

function messages(): SealInput[] {
  const random = seeded("sm4-gcm against Node 26");
  const key = random.bytes(16);
  const everyLength = Array.from({ length: 1041 }, (_, length) => ({
    key,
    nonce: random.bytes(12),
    plaintext: random.bytes(length),
    aad: random.bytes(random.integer(0, 70)),
  }));
  const long = Array.from({ length: 15 }, () => ({
    key: random.bytes(16),
    nonce: random.bytes(12),
    plaintext: random.bytes(random.integer(1041, 300_000)),
    aad: random.bytes(random.pick([0, 20, 10_000])),
  }));
  const parameters = [4, 8, 12, 13, 14, 15, 16].flatMap((tagLength) =>
    [1, 8, 12, 13, 16, 128].map((nonceLength) => ({
      key: random.bytes(16),
      nonce: random.bytes(nonceLength),
      plaintext: random.bytes(random.integer(0, 400)),
      aad: random.bytes(random.integer(0, 400)),
      tagLength,
    })),
  );
  const nonceFor = nonceFinder("sm4", key);
  const wrapping = [0, 1, 2, 31, 32, 33, 63, 64, 65, 1000].map((blocks) => {
    const counterBlock = random.bytes(16);
    new DataView(counterBlock.buffer).setUint32(12, 2 ** 32 - 1 - blocks);
    return { key, nonce: nonceFor(counterBlock), plaintext: random.bytes(16 * blocks + 700) };
  });
  return [...everyLength, ...long, ...parameters, ...wrapping];
}

test("SM4-GCM equals Node 26's sm4-gcm: every length to 1,040 bytes, long messages, parameters, counter wraps", () => {
  const inputs = messages();
  expect(inputs).toHaveLength(1041 + 15 + 42 + 10);
  const sealed = node26Sm4Gcm(inputs);
  expect(sealed).toHaveLength(inputs.length);
  for (const [index, { key, nonce, plaintext, aad, tagLength = 16 }] of inputs.entries()) {
    const expected = sealed[index] ?? new Uint8Array(0);
    const label = `message ${index}: ${plaintext.length} bytes, nonce ${nonce.length}, tag ${tagLength}`;
    using aead = sm4Gcm(key, { tagLength: tagLength as TagLength });
    expectBytes(aead.seal(nonce, plaintext, { aad }), expected, label);
    expectBytes(aead.open(nonce, expected, { aad }), plaintext, label);
  }
});
