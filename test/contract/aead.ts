import { openStreamUnverified } from "lanelock/unauthenticated";
import { describe, expect, test } from "vitest";
import type { Aead, AeadUnderTest } from "../reference/ciphers.ts";
import { arrayKinds, expectBytes, expectUnmodified } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";
import { aeadManyContract } from "./aead-many.ts";
import { aeadRefusals } from "./aead-refusals.ts";
import { expectIntoRules, expectResultsIndependent, expectTooSmallRefused, type Writer } from "./into.ts";
import { type KeyedCipher, keyLifeContract } from "./key-life.ts";
import { refusal } from "./refusal.ts";

// What every AEAD of the package promises, whichever cipher it is made of.

const lengths = [0, 1, 15, 16, 17, 128, 500, 5000, 100_000];

function sample(aead: AeadUnderTest, length: number) {
  const random = seeded(`contract ${aead.name} ${length}`);
  const input = {
    key: random.bytes(aead.keyLength),
    nonce: random.bytes(12),
    aad: random.bytes(29),
    plaintext: random.bytes(length),
  };
  return { ...input, sealed: aead.expected(input) };
}

function inputs(aead: AeadUnderTest): void {
  test.each(arrayKinds)("seal and open modify none of their inputs, each a %s", (_, as) => {
    for (const length of lengths) {
      const { key, nonce, aad, plaintext, sealed } = sample(aead, length);
      const given = { nonce: as(nonce), aad: as(aad), plaintext: as(plaintext), sealed: as(sealed) };
      using cipher = aead.create(as(key));
      expectBytes(cipher.seal(given.nonce, given.plaintext, { aad: given.aad }), sealed, "seal");
      expectBytes(cipher.open(given.nonce, given.sealed, { aad: given.aad }), plaintext, "open");
      expectUnmodified(given, { nonce, aad, plaintext, sealed });
    }
  });

  test("results are independent of each other and of the inputs", () => {
    for (const length of [1, 20, 64, 100, 1000, 100_000]) {
      const { key, nonce, aad, plaintext, sealed } = sample(aead, length);
      using cipher = aead.create(key);
      const seal = () => cipher.seal(nonce, plaintext, { aad });
      const open = () => cipher.open(nonce, sealed, { aad });
      expectResultsIndependent(seal, open);
      const copy = Uint8Array.from(plaintext);
      const result = cipher.seal(nonce, copy, { aad });
      copy.fill(0);
      expectBytes(result, sealed, "the result after the caller wiped the plaintext");
    }
  });
}

function into(aead: AeadUnderTest): void {
  test("into is written from its start, and refused when it is too small", () => {
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
}

function streams(aead: AeadUnderTest): void {
  test("a stream modifies no input, keeps its own copy of nonce and AAD, and gives independent results", () => {
    const { key, nonce, aad, plaintext, sealed } = sample(aead, 1000);
    using cipher = aead.create(key);
    const given = { nonce: Uint8Array.from(nonce), aad: Uint8Array.from(aad) };
    const sealing = cipher.sealStream(given.nonce, { aad: given.aad });
    const opening = openStreamUnverified(cipher, given.nonce, { aad: given.aad });
    expect(given).toEqual({ nonce, aad });
    given.nonce.fill(0);
    given.aad.fill(0);
    const chunks = [plaintext.slice(0, 333), plaintext.slice(333, 400), plaintext.slice(400)];
    const outputs = chunks.map((chunk) => {
      const copy = Uint8Array.from(chunk);
      const output = sealing.update(chunk);
      expectBytes(chunk, copy, "the chunk");
      chunk.fill(0);
      return output;
    });
    expectBytes(Buffer.concat([...outputs, sealing.final()]), sealed, "sealed");
    const opened = [sealed.slice(0, 7), sealed.slice(7, 1000)].map((chunk) => opening.update(chunk));
    expectBytes(Buffer.concat([...opened, opening.final(sealed.slice(1000))]), plaintext, "opened");
  });

  test("a stream that has ended refuses every call", () => {
    const { key, nonce, plaintext } = sample(aead, 40);
    using cipher = aead.create(key);
    const sealed = cipher.seal(nonce, plaintext);
    const sealing = cipher.sealStream(nonce);
    sealing.update(plaintext);
    sealing.final();
    const opening = openStreamUnverified(cipher, nonce);
    opening.update(sealed.subarray(0, 40));
    opening.final(sealed.subarray(40));
    const calls = [() => sealing.update(plaintext), () => sealing.final(), () => opening.update(plaintext)];
    for (const call of [...calls, () => opening.final(sealed.subarray(40))]) refusal("ERR_STATE", call);
  });

  test("a stream whose key was disposed of refuses every call", () => {
    const { key, nonce, plaintext } = sample(aead, 40);
    const cipher = aead.create(key);
    using sealing = cipher.sealStream(nonce);
    using opening = openStreamUnverified(cipher, nonce);
    sealing.update(plaintext);
    opening.update(plaintext);
    cipher.dispose();
    const calls = [() => sealing.update(plaintext), () => sealing.final(), () => opening.update(plaintext)];
    for (const call of [...calls, () => opening.final(new Uint8Array(16))]) refusal("ERR_STATE", call);
  });
}

function keyed(aead: AeadUnderTest): KeyedCipher<Aead> {
  const nonce = seeded("one nonce").bytes(12);
  return {
    name: aead.name,
    keyLength: aead.keyLength,
    create: (key) => aead.create(key),
    forward: (cipher, message) => cipher.seal(nonce, message),
    backward: (cipher, output) => cipher.open(nonce, output),
    expected: (key, plaintext) => aead.expected({ key, nonce, plaintext }),
    otherCalls: [
      (cipher) => cipher.sealStream(nonce),
      (cipher) => openStreamUnverified(cipher, nonce),
      (cipher) => cipher.sealMany([]),
      (cipher) => cipher.openMany([]),
    ],
  };
}

export function aeadContract(aead: AeadUnderTest): void {
  describe(`${aead.name} keeps the contract of an AEAD`, () => {
    inputs(aead);
    into(aead);
    streams(aead);
    aeadRefusals(aead);
    aeadManyContract(aead);
    keyLifeContract(keyed(aead));
  });
}
