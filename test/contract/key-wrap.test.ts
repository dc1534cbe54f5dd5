import { createCipheriv } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { notBytes, unusableBytes } from "../bad-input/hostile-values.ts";
import { arrayKinds, expectBytes, expectUnmodified, marked } from "../reference/expect-bytes.ts";
import { keyWraps, wrapsLength } from "../reference/key-wraps.ts";
import { seeded } from "../reference/seeded.ts";
import { expectIntoRules, expectResultsIndependent, expectTooSmallRefused } from "./into.ts";
import { keyLifeContract } from "./key-life.ts";
import { refusal } from "./refusal.ts";
import { expectNothingLeft, expectScratchWiped } from "./wiping.ts";

// What a key wrap promises.

afterEach(expectNothingLeft);

/** What fits in the engine's IO, and what does not. */
const lengths = [1, 8, 16, 20, 24, 32, 100, 1000, 65_520, 65_528, 65_529, 65_536, 100_000];

describe.each(keyWraps)("$name keeps the contract of a key wrap", (wrap) => {
  const { name, keyLength, create, expected } = wrap;
  const taken = lengths.filter((length) => wrapsLength(wrap, length));

  function sample(length: number) {
    const random = seeded(`contract ${name} ${length}`);
    const [key, material] = [random.bytes(keyLength), random.bytes(length)];
    return { key, material, wrapped: expected(key, material) };
  }

  test.each(arrayKinds)("modifies none of its inputs, each a %s", (_, as) => {
    for (const length of taken) {
      const { key, material, wrapped } = sample(length);
      const given = { material: as(material), wrapped: as(wrapped) };
      using cipher = create(as(key));
      expectBytes(cipher.wrap(given.material), wrapped, `wrap ${length}`);
      expectScratchWiped();
      expectBytes(cipher.unwrap(given.wrapped), material, `unwrap ${length}`);
      expectScratchWiped();
      expectUnmodified(given, { material, wrapped });
    }
  });

  test("into is written from its start, may overlap the input, and is refused when it is too small", () => {
    for (const length of [16, 64, 65_536]) {
      const { key, material, wrapped } = sample(length);
      using cipher = create(key);
      const options = (into?: Uint8Array) => (into === undefined ? {} : { into });
      for (const writer of [
        { name: "wrap", expected: wrapped, write: (into?: Uint8Array) => cipher.wrap(material, options(into)) },
        { name: "unwrap", expected: material, write: (into?: Uint8Array) => cipher.unwrap(wrapped, options(into)) },
      ]) {
        expectIntoRules(writer);
        expectTooSmallRefused(writer);
      }
      expectResultsIndependent(
        () => cipher.wrap(material),
        () => cipher.unwrap(wrapped),
      );
      const both = Uint8Array.from([...wrapped, 0, 0, 0]);
      expectBytes(cipher.unwrap(both.subarray(0, wrapped.length), { into: both.subarray(3) }), material, "ahead");
    }
  });

  test("every changed bit is refused, with the same words, and into left as it was", () => {
    const { key, wrapped } = sample(24);
    using cipher = create(key);
    const words = new Set<string>();
    const into = marked(wrapped.length);
    for (let bit = 0; bit < 8 * wrapped.length; bit += 1) {
      const wrong = Uint8Array.from(wrapped);
      wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      words.add(refusal("ERR_AUTHENTICATION", () => cipher.unwrap(wrong, { into })).message);
    }
    using other = create(key.map((byte) => byte ^ 1));
    words.add(refusal("ERR_AUTHENTICATION", () => other.unwrap(wrapped, { into })).message);
    expect(words.size).toBe(1);
    expectBytes(into, marked(wrapped.length), "into");
    expectScratchWiped();
  });

  test("lengths that cannot be are refused", () => {
    const { key } = sample(16);
    using cipher = create(key);
    for (let length = 0; length <= 40; length += 1) {
      const bytes = new Uint8Array(length);
      if (!wrapsLength(wrap, length)) refusal("ERR_LENGTH", () => cipher.wrap(bytes));
      const possible = length % 8 === 0 && length >= (wrap.padded ? 16 : 24);
      refusal(possible ? "ERR_AUTHENTICATION" : "ERR_LENGTH", () => cipher.unwrap(bytes));
    }
  });

  test("bad arguments are refused", () => {
    const { key, material, wrapped } = sample(32);
    using cipher = create(key);
    for (const value of Object.values(notBytes)) {
      const wrong = value as Uint8Array;
      refusal("ERR_ARGUMENT", () => cipher.wrap(wrong));
      refusal("ERR_ARGUMENT", () => cipher.unwrap(wrong));
      refusal("ERR_KEY", () => create(wrong));
    }
    for (const length of [0, 1, 15, 17, 23, 25, 31, 33, 64]) refusal("ERR_KEY", () => create(new Uint8Array(length)));
    for (const make of Object.values(unusableBytes)) {
      refusal("ERR_BUFFER", () => cipher.wrap(make(32)));
      refusal("ERR_BUFFER", () => cipher.unwrap(make(32)));
      refusal("ERR_BUFFER", () => cipher.wrap(material, { into: make(64) }));
    }
    refusal("ERR_ARGUMENT", () => cipher.wrap(material, { intoo: wrapped } as never));
    refusal("ERR_ARGUMENT", () => cipher.unwrap(wrapped, wrapped as never));
  });

  if (keyLength < 32) return;
  keyLifeContract({
    name,
    keyLength,
    create,
    forward: (cipher, message) => cipher.wrap(message),
    backward: (cipher, output) => cipher.unwrap(output),
    expected,
    otherCalls: [],
  });
});

/** Wraps any block of check and text as RFC 3394 does, by OpenSSL, whose KW takes an initial value of the caller's. */
function wrapWith(key: Uint8Array, initial: Uint8Array, padded: Uint8Array): Uint8Array {
  if (padded.length === 8) {
    const encryption = createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
    return encryption.update(Buffer.concat([initial, padded]));
  }
  return createCipheriv(`id-aes${key.length * 8}-wrap`, key, initial).update(padded);
}

test("KWP refuses every length it does not know, and every byte of padding that is not zero (RFC 5649 §3)", () => {
  const { create } = keyWraps.find(({ name }) => name === "aes-256-kwp") ?? expect.fail("there is no aes-256-kwp");
  const key = seeded("kwp").bytes(32);
  using cipher = create(key);
  for (const size of [8, 16, 24]) {
    for (const claimed of [0, 1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 32, 0x7fffffff, 0x80000000, 0xffffffff]) {
      const initial = Buffer.from("a65959a600000000", "hex");
      initial.writeUInt32BE(claimed, 4);
      const text = new Uint8Array(size);
      const valid = claimed > size - 8 && claimed <= size;
      if (valid) text.fill(1, 0, claimed);
      const wrapped = wrapWith(key, initial, text);
      if (valid) expectBytes(cipher.unwrap(wrapped), text.subarray(0, claimed), `${claimed} of ${size}`);
      else refusal("ERR_AUTHENTICATION", () => cipher.unwrap(wrapped), `${claimed} of ${size}`);
      for (let at = claimed; valid && at < size; at += 1) {
        const spoiled = Uint8Array.from(text);
        spoiled[at] = 0x80;
        refusal("ERR_AUTHENTICATION", () => cipher.unwrap(wrapWith(key, initial, spoiled)), `byte ${at} of ${size}`);
      }
    }
    for (const wrong of ["a65959a7", "a6a6a6a6", "00000000", "265959a6"]) {
      const initial = Buffer.from(`${wrong}00000000`, "hex");
      initial.writeUInt32BE(size, 4);
      refusal("ERR_AUTHENTICATION", () => cipher.unwrap(wrapWith(key, initial, new Uint8Array(size))));
    }
  }
});
