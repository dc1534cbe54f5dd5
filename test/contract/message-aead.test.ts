import { afterEach, expect, test } from "vitest";
import { arrayKinds, expectBytes, expectUnmodified, marked } from "../reference/expect-bytes.ts";
import { type MessageAeadUnderTest, messageAeads } from "../reference/message-aeads.ts";
import { seeded } from "../reference/seeded.ts";
import { expectIntoRules, expectResultsIndependent, expectTooSmallRefused, type Writer } from "./into.ts";
import { keyLifeContract } from "./key-life.ts";
import { refusal } from "./refusal.ts";
import { expectNothingLeft, expectScratchWiped } from "./wiping.ts";

// What every AEAD that seals whole messages promises, whichever mode it has.

afterEach(expectNothingLeft);

/** In one call of the engine and in several. */
const lengths = [0, 1, 15, 16, 17, 128, 500, 5000, 100_000];

function sample(aead: MessageAeadUnderTest, length: number) {
  const random = seeded(`contract ${aead.name} ${length}`);
  const input = {
    key: random.bytes(aead.keyLength),
    nonce: random.bytes(aead.nonceLength),
    aad: random.bytes(29),
    plaintext: random.bytes(length),
  };
  return { ...input, sealed: aead.expected(input) };
}

test.each(messageAeads)("$name modifies none of its inputs, and gives independent results", (aead) => {
  for (const [, as] of arrayKinds) {
    for (const length of lengths) {
      const { key, nonce, aad, plaintext, sealed } = sample(aead, length);
      const given = { nonce: as(nonce), aad: as(aad), plaintext: as(plaintext), sealed: as(sealed) };
      using cipher = aead.create(as(key));
      expectBytes(cipher.seal(given.nonce, given.plaintext, { aad: given.aad }), sealed, "seal");
      expectBytes(cipher.open(given.nonce, given.sealed, { aad: given.aad }), plaintext, "open");
      expectUnmodified(given, { nonce, aad, plaintext, sealed });
      const seal = () => cipher.seal(nonce, plaintext, { aad });
      expectResultsIndependent(seal, () => cipher.open(nonce, sealed, { aad }));
    }
  }
});

test.each(messageAeads)("$name writes into from its start, and refuses one that is too small", (aead) => {
  for (const length of lengths) {
    const { key, nonce, aad, plaintext, sealed } = sample(aead, length);
    using cipher = aead.create(key);
    const options = (target?: Uint8Array) => (target === undefined ? { aad } : { aad, into: target });
    const writers: Writer[] = [
      { name: `seal ${length}`, expected: sealed, write: (to) => cipher.seal(nonce, plaintext, options(to)) },
      { name: `open ${length}`, expected: plaintext, write: (to) => cipher.open(nonce, sealed, options(to)) },
    ];
    for (const writer of writers) {
      expectIntoRules(writer);
      expectTooSmallRefused(writer);
    }
  }
});

test.each(messageAeads)("$name may write over its input at any offset", (aead) => {
  const near = Array.from({ length: 71 }, (_, index) => index - 35);
  const far = [-131_072, -65_536, -4097, 4097, 65_535, 65_536, 131_072];
  for (const [length, distances] of [
    [16, near],
    [144, near],
    [1040, near],
    [200_000, [...near.filter((distance) => distance % 8 < 2), ...far]],
  ] as const) {
    const { key, nonce, aad, plaintext, sealed } = sample(aead, length);
    using cipher = aead.create(key);
    for (const distance of distances) {
      const margin = Math.abs(distance);
      const place = (input: Uint8Array, intoLength: number) => {
        const buffer = new Uint8Array(2 * margin + length + 16);
        buffer.set(input, margin);
        const at = margin + distance;
        return [buffer.subarray(margin, margin + input.length), buffer.subarray(at, at + intoLength)] as const;
      };
      const [text, sealInto] = place(plaintext, sealed.length);
      expectBytes(cipher.seal(nonce, text, { aad, into: sealInto }), sealed, `seal ${length} at ${distance}`);
      const [message, openInto] = place(sealed, length);
      expectBytes(cipher.open(nonce, message, { aad, into: openInto }), plaintext, `open ${length} at ${distance}`);
    }
  }
});

function flipped(bytes: Uint8Array, position: number, mask: number): Uint8Array {
  return bytes.map((byte, index) => (index === position ? byte ^ mask : byte));
}

function tampered(bytes: Uint8Array): Uint8Array[] {
  return [0x01, 0x80, 0xff].flatMap((mask) => Array.from(bytes, (_, position) => flipped(bytes, position, mask)));
}

test.each(messageAeads)("$name refuses a change in any byte with the same words, and leaves into alone", (aead) => {
  const words = new Set<string>();
  for (const length of [0, 1, 16, 37, 300]) {
    const { key, nonce, aad, plaintext, sealed } = sample(aead, length);
    using cipher = aead.create(key);
    const attempts = [
      ...tampered(sealed).map((forged) => [nonce, aad, forged] as const),
      ...tampered(nonce).map((other) => [other, aad, sealed] as const),
      ...tampered(aad).map((other) => [nonce, other, sealed] as const),
      [nonce, aad.subarray(1), sealed] as const,
      [nonce, Uint8Array.of(...aad, 0), sealed] as const,
      [nonce, new Uint8Array(0), sealed] as const,
      [nonce, aad, sealed.subarray(1)] as const,
      [nonce, aad, Uint8Array.of(...sealed, 0)] as const,
    ];
    for (const [index, [n, data, forged]] of attempts.entries()) {
      if (forged.length < 16) continue;
      const into = marked(forged.length);
      const { message } = refusal("ERR_AUTHENTICATION", () => cipher.open(n, forged, { aad: data, into }), `${index}`);
      words.add(message);
      expectBytes(into, marked(forged.length), `${length} bytes, attempt ${index}: into`);
    }
    expectScratchWiped();
    expectBytes(cipher.open(nonce, sealed, { aad }), plaintext, "the untouched message still opens");
  }
  expect(words.size).toBe(1);
});

test.each(messageAeads)("$name: a long forgery leaves nothing, over its own input too", (aead) => {
  const { key, nonce, aad, sealed } = sample(aead, 100_000);
  using cipher = aead.create(key);
  for (const position of [0, 20, 65_536, 99_999, 100_003, 100_015]) {
    const forged = flipped(sealed, position, 4);
    const copy = Uint8Array.from(forged);
    refusal("ERR_AUTHENTICATION", () => cipher.open(nonce, forged, { aad, into: forged }));
    refusal("ERR_AUTHENTICATION", () => cipher.open(nonce, forged, { aad }));
    expectBytes(forged, copy, `byte ${position}`);
    expectScratchWiped();
  }
});

test.each(messageAeads)("$name: no part of a message of any length is left in memory", (aead) => {
  const random = seeded(`wiping ${aead.name}`);
  using cipher = aead.create(random.bytes(aead.keyLength));
  for (const length of [0, 1, 16, 100, 512, 2100, 5000, 40_000, 100_000, 300_000]) {
    const [nonce, aad, plaintext] = [random.bytes(aead.nonceLength), random.bytes(length >> 2), random.bytes(length)];
    const sealed = cipher.seal(nonce, plaintext, { aad });
    expectScratchWiped();
    expectBytes(cipher.open(nonce, sealed, { aad }), plaintext, `${length} bytes`);
    expectScratchWiped();
  }
});

for (const aead of messageAeads) {
  const nonce = seeded("one nonce").bytes(aead.nonceLength);
  keyLifeContract({
    name: aead.name,
    keyLength: aead.keyLength,
    liveKeys: 500,
    create: (key) => aead.create(key),
    forward: (cipher, message) => cipher.seal(nonce, message),
    backward: (cipher, output) => cipher.open(nonce, output),
    expected: (key, plaintext) => aead.expected({ key, nonce, plaintext }),
    otherCalls: [(cipher) => cipher.seal(nonce, new Uint8Array(50_000))],
  });
}
