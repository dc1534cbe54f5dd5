import { openStreamUnverified } from "lanelock/unauthenticated";
import { afterEach, expect, test } from "vitest";
import { refusal } from "../contract/refusal.ts";
import { expectScratchWiped } from "../contract/wiping.ts";
import { type AeadUnderTest, aeads } from "../reference/ciphers.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";
import { notBytes, unusableBytes } from "./hostile-values.ts";

afterEach(expectScratchWiped);

function sample(aead: AeadUnderTest) {
  const random = seeded(`bad input ${aead.name}`);
  const input = {
    key: random.bytes(aead.keyLength),
    nonce: random.bytes(12),
    aad: random.bytes(16),
    plaintext: random.bytes(32),
  };
  return { ...input, sealed: aead.expected(input) };
}

/** Every argument of every call that takes bytes, as a function of what is put in its place. */
function byteArguments(aead: AeadUnderTest) {
  const { key, nonce, aad, plaintext, sealed } = sample(aead);
  const cipher = aead.create(key);
  const calls: Record<string, (value: Uint8Array) => unknown> = {
    "seal nonce": (value) => cipher.seal(value, plaintext, { aad }),
    "seal plaintext": (value) => cipher.seal(nonce, value, { aad }),
    "seal aad": (value) => cipher.seal(nonce, plaintext, { aad: value }),
    "seal into": (value) => cipher.seal(nonce, plaintext, { aad, into: value }),
    "open nonce": (value) => cipher.open(value, sealed, { aad }),
    "open sealed": (value) => cipher.open(nonce, value, { aad }),
    "open aad": (value) => cipher.open(nonce, sealed, { aad: value }),
    "open into": (value) => cipher.open(nonce, sealed, { aad, into: value }),
    "sealStream nonce": (value) => cipher.sealStream(value, { aad }),
    "sealStream aad": (value) => cipher.sealStream(nonce, { aad: value }),
    "sealStream chunk": (value) => cipher.sealStream(nonce).update(value),
    "openStreamUnverified nonce": (value) => openStreamUnverified(cipher, value, { aad }),
    "openStreamUnverified aad": (value) => openStreamUnverified(cipher, nonce, { aad: value }),
    "openStreamUnverified chunk": (value) => openStreamUnverified(cipher, nonce).update(value),
    "openStreamUnverified tag": (value) => openStreamUnverified(cipher, nonce).final(value),
  };
  const expectStillRight = (label: string) => {
    expectBytes(cipher.seal(nonce, plaintext, { aad }), sealed, `seal after ${label}`);
    expectBytes(cipher.open(nonce, sealed, { aad }), plaintext, `open after ${label}`);
  };
  return { calls: Object.entries(calls), expectStillRight, dispose: () => cipher.dispose() };
}

/** AAD and `into` may be left out. */
function optional(call: string, value: unknown): boolean {
  return value === undefined && /aad|into/.test(call);
}

test.each(aeads)("$name refuses everything that is not a byte array, and can still be used", (aead) => {
  const { calls, expectStillRight, dispose } = byteArguments(aead);
  for (const [call, put] of calls) {
    for (const [label, value] of Object.entries(notBytes)) {
      if (optional(call, value)) continue;
      const error = refusal("ERR_ARGUMENT", () => put(value as Uint8Array), `${call} is ${label}`);
      expect(error.message, call).toContain("Uint8Array");
      expectStillRight(`${call} was ${label}`);
    }
  }
  dispose();
});

test.each(aeads)("$name refuses shared, detached and shrunk buffers, and can still be used", (aead) => {
  const { calls, expectStillRight, dispose } = byteArguments(aead);
  for (const [call, put] of calls) {
    for (const [label, make] of Object.entries(unusableBytes)) {
      for (const length of [1, 16, 48, 5000]) {
        refusal("ERR_BUFFER", () => put(make(length)), `${call} in ${label} of ${length} bytes`);
      }
      expectStillRight(`${call} in ${label}`);
    }
  }
  dispose();
});

test.each(aeads)("$name takes Node's Buffer wherever bytes are taken", (aead) => {
  const { key, nonce, aad, plaintext, sealed } = sample(aead);
  using cipher = aead.create(Buffer.from(key));
  const into = Buffer.alloc(48);
  const options = { aad: Buffer.from(aad) };
  expectBytes(cipher.seal(Buffer.from(nonce), Buffer.from(plaintext), { ...options, into }), sealed, "seal");
  expectBytes(cipher.open(Buffer.from(nonce), Buffer.from(sealed), { ...options, into }), plaintext, "open");
});

test.each(aeads)("$name refuses an empty nonce and says how long it should be", (aead) => {
  const { key, nonce, plaintext, sealed } = sample(aead);
  using cipher = aead.create(key);
  const none = new Uint8Array(0);
  const calls = [
    () => cipher.seal(none, plaintext),
    () => cipher.open(none, sealed),
    () => cipher.sealStream(none),
    () => openStreamUnverified(cipher, none),
  ];
  for (const call of calls) expect(refusal("ERR_NONCE", call).message).toMatch(/\b(1|12)\b/);
  expect(cipher.seal(nonce, plaintext)).toHaveLength(48);
});

test.each(aeads)("$name refuses a ciphertext shorter than its tag, and says how long the tag is", (aead) => {
  const { key, nonce } = sample(aead);
  for (const tagLength of [4, 12, 16]) {
    using cipher = aead.create(key, { tagLength });
    for (let length = 0; length < tagLength; length++) {
      const error = refusal("ERR_LENGTH", () => cipher.open(nonce, new Uint8Array(length)), `${length} bytes`);
      expect(error.message).toMatch(new RegExp(`\\b${tagLength}\\b`));
    }
  }
});

test.each(aeads)("$name: a stream refuses a tag of another length and says how long it is", (aead) => {
  const { key, nonce } = sample(aead);
  using cipher = aead.create(key, { tagLength: 12 });
  for (const length of [0, 4, 11, 13, 16, 100]) {
    const error = refusal("ERR_LENGTH", () => openStreamUnverified(cipher, nonce).final(new Uint8Array(length)));
    expect(error.message).toMatch(/\b12\b/);
  }
});

test("openStreamUnverified refuses objects that are not an AEAD of this package", () => {
  const nonce = new Uint8Array(12);
  const others: unknown[] = [undefined, null, 1, "aes", {}, { seal: () => nonce, open: () => nonce }];
  for (const value of others) {
    refusal("ERR_ARGUMENT", () => openStreamUnverified(value as Parameters<typeof openStreamUnverified>[0], nonce));
  }
});
