import crypto from "node:crypto";
import { expect, test } from "vitest";
import { importPublicKey } from "../../src/asymmetric/public-key.ts";
import { isPssEncoding } from "../../src/asymmetric/rsa-signature-encoding.ts";

// EMSA-PSS-VERIFY, RFC 8017 §9.1.2, on encodings that are made here, from the RFC, with one thing wrong at a time.

const digest = crypto.createHash("sha256").update("a message").digest();
const sha256 = (...parts: Uint8Array[]) =>
  parts.reduce((hash, part) => hash.update(part), crypto.createHash("sha256")).digest();

function mgf1(seed: Uint8Array, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, counter) => {
    const suffix = Buffer.alloc(4);
    suffix.writeUInt32BE(counter);
    return sha256(seed, suffix);
  });
  return Buffer.concat(blocks).subarray(0, length);
}

/** maskedDB ‖ H ‖ bc for a modulus of 256 bytes. @param change works on DB = zeros ‖ 01 ‖ salt before it is masked */
function encode(change: (db: Buffer) => void = () => undefined, { end = 0xbc, salt = crypto.randomBytes(32) } = {}) {
  const hash = sha256(Buffer.alloc(8), digest, salt);
  const db = Buffer.alloc(256 - 33);
  db[db.length - salt.length - 1] = 1;
  db.set(salt, db.length - salt.length);
  change(db);
  const masked = Buffer.from(mgf1(hash, db.length).map((byte, i) => byte ^ (db[i] ?? 0)));
  // Step 11 of encoding: the top bit of a modulus of 2,048 bits is cleared.
  masked[0] = (masked[0] ?? 0) & 0x7f;
  return new Uint8Array(Buffer.concat([masked, hash, Buffer.of(end)]));
}

test("the encoding of the RFC is taken", () => {
  for (let i = 0; i < 20; i += 1) expect(isPssEncoding(encode(), digest)).toBe(true);
});

test("every byte of the padding before the salt must be zero, and the separator one", () => {
  // The top bit of the first byte is masked away; the rest of it counts.
  for (let at = 0; at < 256 - 33 - 33; at += 1) {
    for (const bit of [1, 0x40]) {
      const encoded = encode((db) => {
        db[at] = bit;
      });
      expect(isPssEncoding(encoded, digest), `byte ${at}`).toBe(false);
    }
  }
  for (const separator of [0, 2, 3, 0x80, 0xff]) {
    const encoded = encode((db) => {
      db[db.length - 33] = separator;
    });
    expect(isPssEncoding(encoded, digest), `separator ${separator}`).toBe(false);
  }
});

test("the salt has 32 bytes, the last byte is bc, the top bit is clear, and every byte of hash and salt counts", () => {
  for (const length of [0, 1, 20, 31, 33, 64]) {
    expect(isPssEncoding(encode(undefined, { salt: crypto.randomBytes(length) }), digest), `${length}`).toBe(false);
  }
  for (const end of [0, 0xbb, 0xbd, 0xcc]) expect(isPssEncoding(encode(undefined, { end }), digest)).toBe(false);
  const good = encode();
  const top = good.slice();
  top[0] = (top[0] ?? 0) | 0x80;
  expect(isPssEncoding(top, digest)).toBe(false);
  // Also where the top bit is the only one of the first byte.
  let zero = encode();
  while (zero[0] !== 0) zero = encode();
  expect(isPssEncoding(zero, digest)).toBe(true);
  expect(isPssEncoding(zero.fill(0x80, 0, 1), digest)).toBe(false);
  for (let at = good.length - 1 - 32 - 33; at < good.length - 1; at += 1) {
    const bad = good.slice();
    bad[at] = (bad[at] ?? 0) ^ 1;
    expect(isPssEncoding(bad, digest), `byte ${at}`).toBe(false);
  }
  for (let at = 0; at < 32; at += 1) {
    const other = digest.map((byte, i) => (i === at ? byte ^ 0x80 : byte));
    expect(isPssEncoding(good, other), `digest byte ${at}`).toBe(false);
  }
});

test("OpenSSL and this verification agree on signatures over such encodings", async () => {
  const { privateKey, publicKey } = crypto.generateKeyPairSync("rsa", { modulusLength: 2048 });
  const ours = await importPublicKey(new Uint8Array(publicKey.export({ format: "der", type: "spki" })));
  const { RSA_NO_PADDING, RSA_PKCS1_PSS_PADDING } = crypto.constants;
  const changes: ((db: Buffer) => void)[] = [
    () => undefined,
    (db) => db.fill(1, 3, 4),
    (db) => db.fill(1, 188, 189),
    (db) => db.fill(2, 190, 191),
  ];
  for (const [index, change] of changes.entries()) {
    const signature = crypto.privateEncrypt({ key: privateKey, padding: RSA_NO_PADDING }, encode(change));
    const input = { algorithm: "RSA_PSS_SHA_256", signature: new Uint8Array(signature) } as const;
    const theirs = crypto.verify(
      "sha256",
      Buffer.from("a message"),
      { key: publicKey, padding: RSA_PKCS1_PSS_PADDING, saltLength: 32 },
      signature,
    );
    expect(theirs).toBe(index === 0);
    expect(await ours.verify({ ...input, messageType: "DIGEST", data: digest })).toBe(theirs);
    expect(await ours.verify({ ...input, messageType: "RAW", data: Buffer.from("a message") })).toBe(theirs);
  }
});
