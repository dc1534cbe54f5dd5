import { afterEach, expect, test } from "vitest";
import { refusal } from "../contract/refusal.ts";
import { expectScratchWiped } from "../contract/wiping.ts";
import { type BlockModeUnderTest, blockModes, isStream } from "../reference/ciphers.ts";
import { expectBytes } from "../reference/expect-bytes.ts";
import { seeded } from "../reference/seeded.ts";
import { notBytes, unusableBytes } from "./hostile-values.ts";

afterEach(expectScratchWiped);

function sample(mode: BlockModeUnderTest) {
  const random = seeded(`bad input ${mode.name}`);
  const input = { key: random.bytes(mode.keyLength), iv: random.bytes(16), data: random.bytes(64) };
  return { ...input, encrypted: mode.expected(input) };
}

/** Every argument of every call that takes bytes, as a function of what is put in its place. */
function byteArguments(mode: BlockModeUnderTest) {
  const { key, iv, data, encrypted } = sample(mode);
  const cipher = mode.create(key);
  const ivs: Record<string, (value: Uint8Array) => unknown> = {
    "encrypt IV": (value) => cipher.encrypt(value, data),
    "decrypt IV": (value) => cipher.decrypt(value, encrypted),
  };
  const others: typeof ivs = {
    "encrypt data": (value) => cipher.encrypt(iv, value),
    "encrypt into": (value) => cipher.encrypt(iv, data, { into: value }),
    "decrypt data": (value) => cipher.decrypt(iv, value),
    "decrypt into": (value) => cipher.decrypt(iv, encrypted, { into: value }),
  };
  const expectStillRight = (label: string) => {
    expectBytes(cipher.encrypt(iv, data), encrypted, `encrypt after ${label}`);
    expectBytes(cipher.decrypt(iv, encrypted), data, `decrypt after ${label}`);
  };
  const calls = Object.entries(mode.mode === "ecb" ? others : { ...ivs, ...others });
  return { calls, expectStillRight, dispose: () => cipher.dispose() };
}

test.each(blockModes)("$name refuses everything that is not a byte array, and can still be used", (mode) => {
  const { calls, expectStillRight, dispose } = byteArguments(mode);
  for (const [call, put] of calls) {
    for (const [label, value] of Object.entries(notBytes)) {
      if (value === undefined && call.includes("into")) continue;
      const error = refusal("ERR_ARGUMENT", () => put(value as Uint8Array), `${call} is ${label}`);
      expect(error.message, call).toContain("Uint8Array");
      expectStillRight(`${call} was ${label}`);
    }
  }
  dispose();
});

test.each(blockModes)("$name refuses shared, detached and shrunk buffers, and can still be used", (mode) => {
  const { calls, expectStillRight, dispose } = byteArguments(mode);
  for (const [call, put] of calls) {
    for (const [label, make] of Object.entries(unusableBytes)) {
      for (const length of [16, 80, 5008]) {
        refusal("ERR_BUFFER", () => put(make(length)), `${call} in ${label} of ${length} bytes`);
      }
      expectStillRight(`${call} in ${label}`);
    }
  }
  dispose();
});

test.each(blockModes.filter(({ mode }) => mode !== "ecb"))("$name refuses an IV that is not of 16 bytes", (mode) => {
  const { key, data, encrypted } = sample(mode);
  using cipher = mode.create(key);
  for (const length of [0, 1, 8, 12, 15, 17, 32, 1000]) {
    const iv = new Uint8Array(length);
    for (const call of [() => cipher.encrypt(iv, data), () => cipher.decrypt(iv, encrypted)]) {
      expect(refusal("ERR_NONCE", call, `${length} bytes`).message).toMatch(/\b16\b/);
    }
  }
});

test.each(blockModes.filter(({ mode }) => !isStream(mode)))("$name refuses data that is not whole blocks", (mode) => {
  const { key, iv, data } = sample(mode);
  using cipher = mode.create(key);
  for (const length of [1, 8, 15, 17, 31, 33, 63]) {
    const odd = data.subarray(0, length);
    expect(refusal("ERR_LENGTH", () => cipher.decrypt(iv, odd), `decrypt ${length}`).message).toMatch(/\b16\b/);
    if (mode.padding === "pkcs7") continue;
    expect(refusal("ERR_LENGTH", () => cipher.encrypt(iv, odd), `encrypt ${length}`).message).toMatch(/\b16\b/);
  }
});

test.each(blockModes.filter(({ padding }) => padding === "pkcs7"))("$name refuses an empty ciphertext", (mode) => {
  const { key, iv } = sample(mode);
  using cipher = mode.create(key);
  refusal("ERR_LENGTH", () => cipher.decrypt(iv, new Uint8Array(0)));
});

test.each(blockModes)("$name takes Node's Buffer wherever bytes are taken", (mode) => {
  const { key, iv, data, encrypted } = sample(mode);
  using cipher = mode.create(Buffer.from(key));
  const into = Buffer.alloc(80);
  expectBytes(cipher.encrypt(Buffer.from(iv), Buffer.from(data), { into }), encrypted, "encrypt");
  expectBytes(cipher.decrypt(Buffer.from(iv), Buffer.from(encrypted), { into }), data, "decrypt");
});
