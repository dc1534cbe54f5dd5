import crypto, { type KeyObject } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { unpadOaep } from "../../src/asymmetric/oaep-unpadding.ts";
import { unpadPkcs1 } from "../../src/asymmetric/pkcs1-unpadding.ts";
import { loadPrivateKey, type PrivateKey } from "../../src/asymmetric/private-key.ts";
import { long } from "./test-keys.ts";

const refused = {
  code: "ERR_AUTHENTICATION",
  message: "The ciphertext is not one that this key and algorithm decrypt",
};
const { RSA_NO_PADDING, RSA_PKCS1_OAEP_PADDING, RSA_PKCS1_PADDING } = crypto.constants;
const { privateKey, publicKey } = crypto.generateKeyPairSync("rsa", { modulusLength: 2048 });
const raw = (ciphertext: Uint8Array) =>
  new Uint8Array(crypto.privateDecrypt({ key: privateKey, padding: RSA_NO_PADDING }, ciphertext));

/** EME-OAEP (RFC 8017 §7.1.1) with every part to be chosen: what an attacker could make. */
function encodeOaep(
  hash: "sha1" | "sha256",
  {
    first = 0,
    label = "",
    separator = 1,
    zeros = 0,
    message = new Uint8Array(0),
    length = 256,
    flip = { at: 0, bit: 0 },
  },
): Uint8Array {
  const hashLength = hash === "sha1" ? 20 : 32;
  const mgf = (seed: Uint8Array, size: number) =>
    Buffer.concat(
      Array.from({ length: Math.ceil(size / hashLength) }, (_, counter) => {
        const suffix = Buffer.alloc(4);
        suffix.writeUInt32BE(counter);
        return crypto.createHash(hash).update(seed).update(suffix).digest();
      }),
    ).subarray(0, size);
  const db = Buffer.alloc(length - hashLength - 1, zeros);
  crypto.createHash(hash).update(label).digest().copy(db);
  db[flip.at] = (db[flip.at] ?? 0) ^ flip.bit;
  db[db.length - message.length - 1] = separator;
  db.set(message, db.length - message.length);
  const seed = crypto.randomBytes(hashLength);
  const maskedDb = mgf(seed, db.length).map((byte, i) => byte ^ (db[i] ?? 0));
  const maskedSeed = mgf(maskedDb, hashLength).map((byte, i) => byte ^ (seed[i] ?? 0));
  return Uint8Array.of(first, ...maskedSeed, ...maskedDb);
}

describe.each([
  { hash: "SHA-256", nodeHash: "sha256", limit: 190 },
  { hash: "SHA-1", nodeHash: "sha1", limit: 214 },
] as const)("OAEP with $hash", ({ hash, nodeHash, limit }) => {
  test("removes OpenSSL's padding, up to the longest message", () => {
    for (let length = 0; length <= limit; length += long ? 1 : 10) {
      const message = crypto.randomBytes(length);
      const options = { key: publicKey, padding: RSA_PKCS1_OAEP_PADDING, oaepHash: nodeHash };
      const encoded = raw(crypto.publicEncrypt(options, message));
      const copy = encoded.slice();
      expect(unpadOaep(hash, encoded)).toEqual(new Uint8Array(message));
      expect(encoded).toEqual(copy);
    }
  });

  test("every byte of the label's hash counts", () => {
    const length = nodeHash === "sha1" ? 20 : 32;
    for (let at = 0; at < length; at += 1) {
      for (const bit of [1, 0x80]) {
        const encoded = encodeOaep(nodeHash, { message: Buffer.from("m"), flip: { at, bit } });
        expect(() => unpadOaep(hash, encoded), `byte ${at}`).toThrow(expect.objectContaining(refused));
      }
    }
    expect(unpadOaep(hash, encodeOaep(nodeHash, { message: Buffer.from("m"), flip: { at: 0, bit: 0 } }))).toHaveLength(
      1,
    );
  });

  test("messages of zeros and ones keep them", () => {
    for (const fill of [0, 1]) {
      const message = new Uint8Array(40).fill(fill);
      expect(unpadOaep(hash, encodeOaep(nodeHash, { message }))).toEqual(message);
    }
  });

  const message = new Uint8Array(16).fill(3);
  test.each([
    ["a first byte that is not zero", encodeOaep(nodeHash, { message, first: 1 })],
    ["the highest first byte", encodeOaep(nodeHash, { message, first: 255 })],
    ["another label", encodeOaep(nodeHash, { message, label: "x" })],
    ["a separator of 2", encodeOaep(nodeHash, { message, separator: 2 })],
    ["a separator of 0", encodeOaep(nodeHash, { message: new Uint8Array(0), separator: 0 })],
    ["padding that is not zero", encodeOaep(nodeHash, { message, zeros: 2 })],
    ["padding of 255", encodeOaep(nodeHash, { message, zeros: 255 })],
    ["zeros", new Uint8Array(256)],
    ["nothing", new Uint8Array(0)],
    ["fewer bytes than the encoding has", new Uint8Array(2 * (hash === "SHA-1" ? 20 : 32) + 1)],
  ])("%s has the one answer", (_, encoded) => {
    expect(() => unpadOaep(hash, encoded)).toThrow(expect.objectContaining(refused));
  });

  test("anything else has the one answer too", () => {
    const bytes = fc.uint8Array({ minLength: 0, maxLength: 300 });
    fc.assert(
      fc.property(bytes, (encoded) => {
        expect(() => unpadOaep(hash, encoded)).toThrow(expect.objectContaining(refused));
      }),
    );
  });
});

test("OAEP's scratch memory is wiped, with valid and invalid padding", () => {
  const seen: Uint8Array[] = [];
  const { slice, fill } = Uint8Array.prototype;
  vi.spyOn(Uint8Array.prototype, "slice").mockImplementation(function (this: Uint8Array<ArrayBuffer>, ...range) {
    seen.push(this);
    return slice.apply(this, range);
  });
  unpadOaep("SHA-256", encodeOaep("sha256", { message: Buffer.from("a secret message") }));
  vi.restoreAllMocks();
  const db = seen.find((bytes) => bytes.length === 256 - 33);
  expect(db?.every((byte) => byte === 0)).toBe(true);
  const wiped: number[] = [];
  vi.spyOn(Uint8Array.prototype, "fill").mockImplementation(function (this: Uint8Array<ArrayBuffer>, ...parameters) {
    wiped.push(this.length);
    return fill.apply(this, parameters);
  });
  const wrong = encodeOaep("sha256", { message: Buffer.from("a secret message"), separator: 2 });
  wiped.length = 0;
  expect(() => unpadOaep("SHA-256", wrong)).toThrow(expect.objectContaining(refused));
  vi.restoreAllMocks();
  expect(wiped.slice(-2)).toEqual([32, 256 - 33]);
});

describe("PKCS#1 v1.5", () => {
  test("fewer than eight bytes of padding are refused (RFC 8017 §7.2.2 step 3)", () => {
    const encodedWith = (padding: number) =>
      Uint8Array.of(0, 2, ...new Uint8Array(padding).fill(5), 0, ...new Uint8Array(253 - padding).fill(9));
    expect(unpadPkcs1(encodedWith(8), 245)).toHaveLength(245);
    for (const padding of [0, 1, 7]) {
      expect(() => unpadPkcs1(encodedWith(padding), 253 - padding)).toThrow(expect.objectContaining(refused));
    }
  });

  const encoded = (message: Uint8Array) =>
    raw(crypto.publicEncrypt({ key: publicKey, padding: RSA_PKCS1_PADDING }, message));
  const message = crypto.randomBytes(32);

  test("removes OpenSSL's padding for each length, and accepts no other length", () => {
    for (let length = 0; length <= 245; length += long ? 1 : 7) {
      const expected = crypto.randomBytes(length);
      const padded = encoded(expected);
      const copy = padded.slice();
      expect(unpadPkcs1(padded, length)).toEqual(new Uint8Array(expected));
      expect(padded).toEqual(copy);
      expect(() => unpadPkcs1(padded, length + 1)).toThrow(expect.objectContaining(refused));
      if (length > 0) expect(() => unpadPkcs1(padded, length - 1)).toThrow(expect.objectContaining(refused));
    }
  });

  test("every byte before the message counts, none within it", () => {
    for (let at = 0; at < 256 - 32; at += 1) {
      const padded = encoded(message);
      padded[at] = at < 2 || at === 256 - 33 ? (padded[at] ?? 0) ^ 0x81 : 0;
      expect(() => unpadPkcs1(padded, 32)).toThrow(expect.objectContaining(refused));
    }
    const zeros = new Uint8Array(32);
    expect(unpadPkcs1(encoded(zeros), 32)).toEqual(zeros);
  });

  test.each([0, 10, 32])("%i bytes are too few for an encoding", (length) => {
    expect(() => unpadPkcs1(new Uint8Array(length), 0)).toThrow(expect.objectContaining(refused));
  });
});

describe("PKCS#1 v1.5 decryption by a private key", () => {
  let key: PrivateKey;
  const encrypt = (message: Uint8Array, to: KeyObject = publicKey) =>
    crypto.publicEncrypt({ key: to, padding: RSA_PKCS1_PADDING }, message);

  beforeAll(async () => {
    key = await loadPrivateKey(privateKey.export({ format: "der", type: "pkcs8" }));
  });

  test("gives the message of the length expected", async () => {
    const message = new Uint8Array(crypto.randomBytes(24));
    expect(await key.decryptPkcs1(encrypt(message), 24)).toEqual(message);
  });

  test("has one answer to everything else", async () => {
    const good = encrypt(crypto.randomBytes(24));
    const modulus = Buffer.from(publicKey.export({ format: "jwk" }).n ?? "", "base64url");
    const other = crypto.generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey;
    const bad = [
      good.subarray(1),
      Buffer.concat([good, Buffer.of(0)]),
      encrypt(crypto.randomBytes(25)),
      encrypt(crypto.randomBytes(24), other),
      crypto.publicEncrypt(publicKey, crypto.randomBytes(24)),
      modulus,
      Buffer.alloc(256, 255),
      Buffer.alloc(256),
      Buffer.alloc(0),
    ];
    for (const ciphertext of bad) await expect(key.decryptPkcs1(ciphertext, 24)).rejects.toMatchObject(refused);
  });
});
