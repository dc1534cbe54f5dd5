import crypto from "node:crypto";
import { aesGcm } from "lanelock";
import { aesCbc, aesCtr, aesEcb } from "lanelock/unauthenticated";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ownBytes } from "../../src/ciphers/native/pieces.ts";

// Memory that node:crypto allocates for plaintext and keystream is wiped once its content was copied. The results are caught at
// node:crypto itself, whose ciphers work as ever.

let results: Uint8Array[];
beforeEach(() => {
  results = [];
  for (const name of ["createCipheriv", "createDecipheriv"] as const) {
    const real = crypto[name] as (...args: unknown[]) => crypto.Cipher;
    vi.spyOn(crypto, name).mockImplementation(((...args: unknown[]) => {
      const cipher = real(...args);
      const update = cipher.update.bind(cipher) as (data: Uint8Array) => Buffer;
      cipher.update = ((data: Uint8Array) => {
        const result = update(data);
        results.push(result);
        return result;
      }) as typeof cipher.update;
      return cipher;
    }) as never);
  }
});
afterEach(() => vi.restoreAllMocks());

const key = Uint8Array.from({ length: 32 }, (_, i) => i);
const iv = new Uint8Array(16);
const textOf = (length: number) => new Uint8Array(length).fill(0x5a);
const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
/** How many results are neither wiped nor, since Node 21, given back to the host. */
const left = () => results.filter((bytes) => bytes.length > 0 && bytes.some((byte) => byte !== 0)).length;

// One call of node:crypto, several pieces, and more than it may allocate.
const LENGTHS = [4096, 400_000, 5_000_000];

const modes = {
  "AES-CTR": () => aesCtr(key),
  "AES-CBC": () => aesCbc(key, { padding: "none" }),
  "AES-ECB": () => {
    const ecb = aesEcb(key, { padding: "none" });
    return {
      encrypt: (_: Uint8Array, data: Uint8Array) => ecb.encrypt(data),
      decrypt: (_: Uint8Array, data: Uint8Array, options?: { into?: Uint8Array<ArrayBuffer> }) =>
        ecb.decrypt(data, options),
    };
  },
};

test.each(Object.entries(modes).flatMap(([name, make]) => LENGTHS.map((length) => [name, length, make] as const)))(
  "%s: plaintext of %i bytes is left only where the caller asked for it",
  (_, length, make) => {
    const text = textOf(length);
    const sealed = make().encrypt(iv, text);
    results = [];
    const into = new Uint8Array(length);
    make().decrypt(iv, sealed, { into });
    expect(same(into, text)).toBe(true);
    expect(results.length).toBeGreaterThan(0);
    expect(left()).toBe(0);
  },
);

test.each(LENGTHS)("AES-GCM: of a message of %i bytes nothing is left but the result", (length) => {
  const nonce = new Uint8Array(12);
  const text = textOf(length);
  const aead = aesGcm(key, { backend: "auto" });
  const sealed = aead.seal(nonce, text);
  const into = new Uint8Array(length);
  results = [];
  aead.open(nonce, sealed, { into });
  expect(same(into, text)).toBe(true);
  expect(results.length).toBeGreaterThan(0);
  expect(left()).toBe(0);

  results = [];
  const forged = Uint8Array.from(sealed);
  forged[3] = (forged[3] ?? 0) ^ 1;
  for (const options of [{}, { into }]) {
    expect(() => aead.open(nonce, forged, options)).toThrow(expect.objectContaining({ code: "ERR_AUTHENTICATION" }));
  }
  expect(results.length).toBeGreaterThan(0);
  expect(left()).toBe(0);
  expect(same(into, text)).toBe(true);
});

// Below 1,280 bytes node:crypto gives the keystream alone, which with the ciphertext would give the text.
test("AES-GCM: the keystream of a message around 1 KiB is wiped, sealed or opened", () => {
  const nonce = new Uint8Array(12);
  const aead = aesGcm(key);
  const into = new Uint8Array(1024 + 16);
  // A key asks for keystream from its second message on.
  aead.seal(nonce, textOf(1024));
  results = [];
  aead.seal(nonce, textOf(1024), { into });
  expect(results.length).toBeGreaterThan(0);
  expect(left()).toBe(0);
  results = [];
  expect(aead.open(nonce, into)).toEqual(textOf(1024));
  expect(results.length).toBeGreaterThan(0);
  expect(left()).toBe(0);
});

test("a result that shares its memory with others is copied and wiped", () => {
  const shared = Buffer.from("text");
  expect(shared.buffer.byteLength).toBeGreaterThan(4);
  const own = ownBytes(shared);
  expect([own.length, own.buffer.byteLength, Buffer.from(own).toString()]).toEqual([4, 4, "text"]);
  expect([...shared]).toEqual([0, 0, 0, 0]);
});
