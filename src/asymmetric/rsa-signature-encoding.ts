import { equalBytes } from "../shared/equal-bytes.ts";
import { randomBytes } from "../shared/random.ts";
import { hashes, mgf1Xor } from "./mgf1.ts";

const saltLength = 32;
const hashLength = 32;

/** DER of DigestInfo up to the SHA-256 digest (RFC 8017 §9.2 note 1). */
const sha256DigestInfo = Uint8Array.of(
  ...[0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20],
);

/** DER of DigestInfo with a SHA-256 digest, which RSASSA-PKCS1-v1_5 pads and CKM_RSA_PKCS signs. */
export function encodeDigestInfo(digest: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(...sha256DigestInfo, ...digest);
}

/** EMSA-PKCS1-v1_5 (RFC 8017 §9.2): 00 ‖ 01 ‖ FF … FF ‖ 00 ‖ DigestInfo, `length` bytes. */
export function encodePkcs1(digest: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const encoded = new Uint8Array(length).fill(0xff);
  const info = length - digest.length - sha256DigestInfo.length;
  encoded.set([0, 1]);
  encoded[info - 1] = 0;
  encoded.set(sha256DigestInfo, info);
  encoded.set(digest, length - digest.length);
  return encoded;
}

/** H of EMSA-PSS: the hash over eight zero bytes, the digest and the salt. */
function saltedHash(digest: Uint8Array, salt: Uint8Array): Uint8Array {
  const input = new Uint8Array(8 + digest.length + salt.length);
  input.set(digest, 8);
  input.set(salt, 8 + digest.length);
  return hashes["SHA-256"](input);
}

/**
 * EMSA-PSS (RFC 8017 §9.1.1) with SHA-256, MGF1 and a salt of 32 bytes, for a modulus of `length` bytes whose top bit is
 * set: maskedDB ‖ H ‖ BC, where DB = 00 … 00 ‖ 01 ‖ salt and the top bit is cleared.
 */
export function encodePss(digest: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const salt = randomBytes(saltLength);
  const encoded = new Uint8Array(length);
  const hash = saltedHash(digest, salt);
  const db = encoded.subarray(0, length - hashLength - 1);
  db[db.length - saltLength - 1] = 1;
  db.set(salt, db.length - saltLength);
  mgf1Xor("SHA-256", hash, db);
  db[0] = (db[0] ?? 0) & 0x7f;
  encoded.set(hash, db.length);
  encoded[length - 1] = 0xbc;
  return encoded;
}

/** EMSA-PSS verification (RFC 8017 §9.1.2). */
export function isPssEncoding(encoded: Uint8Array, digest: Uint8Array): boolean {
  const db = new Uint8Array(encoded.subarray(0, encoded.length - hashLength - 1));
  const hash = encoded.subarray(db.length, encoded.length - 1);
  if (encoded.at(-1) !== 0xbc || (db[0] ?? 0x80) >= 0x80) return false;
  mgf1Xor("SHA-256", hash, db);
  db[0] = (db[0] ?? 0) & 0x7f;
  const padding = db.subarray(0, db.length - saltLength);
  if (padding.at(-1) !== 1 || padding.subarray(0, -1).some((byte) => byte !== 0)) return false;
  return equalBytes(hash, saltedHash(digest, db.subarray(db.length - saltLength)));
}
