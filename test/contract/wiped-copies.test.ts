import crypto from "node:crypto";
import { aesCcm, aesGcmSiv, aesSiv, xaes256Gcm } from "lanelock";
import { expect, test } from "vitest";
import { NativeGcm } from "../../src/ciphers/native/gcm.ts";
import { nodeCrypto } from "../../src/shared/node-crypto.ts";
import { timesWiped, wipedDuring } from "../reference/wiped.ts";

// Copies of a plaintext that a cipher makes for itself are wiped before the call ends.

const LENGTH = 300_000;
const key = new Uint8Array(32).fill(7);
const text = new Uint8Array(crypto.randomBytes(LENGTH));

/** A buffer in which a result that stands `shift` bytes behind the text would overwrite what is still to be read. */
function overlapping(shift: number) {
  const buffer = new Uint8Array(LENGTH + 64);
  buffer.set(text);
  return { plaintext: buffer.subarray(0, LENGTH), into: buffer.subarray(shift, shift + LENGTH + 16) };
}

test.each([
  ["AES-CCM", () => aesCcm(key), 12],
  ["AES-GCM-SIV", () => aesGcmSiv(key), 12],
  ["XAES-256-GCM", () => xaes256Gcm(key), 24],
] as const)("%s: the copy of a plaintext that its result overlaps", async (_, make, nonceLength) => {
  const nonce = new Uint8Array(nonceLength);
  const expected = make().seal(nonce, text);
  const { plaintext, into } = overlapping(5);
  let sealed: Uint8Array | undefined;
  const wiped = await wipedDuring(() => {
    sealed = make().seal(nonce, plaintext, { into });
  });
  expect(Buffer.compare(sealed ?? text, expected)).toBe(0);
  expect(timesWiped(wiped, text)).toBe(1);
});

test("AES-SIV: the copy of a plaintext that its result overlaps, and one that is opened into another array", async () => {
  const siv = aesSiv(new Uint8Array(64).fill(7));
  const expected = siv.seal(text);
  // The ciphertext stands behind the tag.
  const { plaintext, into } = overlapping(5);
  let sealed: Uint8Array | undefined;
  const sealing = await wipedDuring(() => {
    sealed = siv.seal(plaintext, { into });
  });
  expect(Buffer.compare(sealed ?? text, expected)).toBe(0);
  expect(timesWiped(sealing, text)).toBe(1);

  const room = new Uint8Array(LENGTH);
  const opening = await wipedDuring(() => siv.open(expected, { into: room }));
  expect(Buffer.compare(room, text)).toBe(0);
  expect(timesWiped(opening, text)).toBe(1);

  // Of a forged message the copy holds what nobody may see.
  const forged = Uint8Array.from(expected);
  forged[LENGTH] = (forged[LENGTH] ?? 0) ^ 1;
  const refusing = await wipedDuring(() => {
    expect(() => siv.open(forged, { into: room })).toThrow(expect.objectContaining({ code: "ERR_AUTHENTICATION" }));
  });
  expect(refusing.filter((bytes) => bytes.length === LENGTH)).toHaveLength(1);
  expect(Buffer.compare(room, text)).toBe(0);
});

test("node:crypto's AES-GCM: what was decrypted of a forged message, in the caller's array", () => {
  const object = crypto.createSecretKey(key);
  const from = { encrypting: 0, decrypting: 0 };
  const host = nodeCrypto();
  if (host === undefined) throw new Error("this is not Node");
  const gcm = new NativeGcm({ crypto: host, mode: "gcm", bits: 256, from, object: () => object });
  const cipher = crypto.createCipheriv("aes-256-gcm", key, new Uint8Array(12));
  const data = new Uint8Array(Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]));
  const none = new Uint8Array(0);
  const message = { nonce: new Uint8Array(12), aad: none, aadLength: 0, data, length: LENGTH, tagLength: 16 };
  const opened = new Uint8Array(LENGTH);
  expect(gcm.openTo(message, opened)).toBe(true);
  expect(Buffer.compare(opened, text)).toBe(0);
  data[LENGTH] = (data[LENGTH] ?? 0) ^ 1;
  expect(gcm.openTo(message, opened)).toBe(false);
  expect(opened.every((byte) => byte === 0)).toBe(true);
});
