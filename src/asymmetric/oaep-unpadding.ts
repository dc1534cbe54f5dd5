import { zeroMask } from "../shared/zero-mask.ts";
import { type HashName, hashes, mgf1Xor } from "./mgf1.ts";
import { undecryptable } from "./runtime.ts";

/**
 * EME-OAEP decoding (RFC 8017 §7.1.2 step 3) of the output of raw RSA, for tokens that have only raw RSA. The label is
 * empty, and MGF1 uses the same hash.
 *
 *     encoded = 00 ‖ maskedSeed (hLen) ‖ maskedDB;   DB = lHash ‖ 00 … 00 ‖ 01 ‖ message
 *
 * Nothing branches or indexes on a byte of `encoded` before the final check, so all failures take the same time (Manger 2001).
 * After success, the time reveals the length of the message.
 *
 * @param encoded as long as the modulus, in bytes; it is not changed
 * @throws {LanelockError} `ERR_AUTHENTICATION`
 */
export function unpadOaep(hash: HashName, encoded: Uint8Array): Uint8Array<ArrayBuffer> {
  const hashLength = hashes[hash].outputLen;
  if (encoded.length < 2 * hashLength + 2) throw undecryptable();
  const seed = new Uint8Array(encoded.subarray(1, 1 + hashLength));
  const db = new Uint8Array(encoded.subarray(1 + hashLength));
  mgf1Xor(hash, db, seed);
  mgf1Xor(hash, seed, db);
  const { bad, start } = findMessage(hash, db);
  try {
    if ((bad | (encoded[0] ?? 1)) !== 0) throw undecryptable();
    return db.slice(start);
  } finally {
    seed.fill(0);
    db.fill(0);
  }
}

/**
 * Where the message begins in DB, if `bad` is zero. `db` has fewer than 65,536 bytes.
 */
export function findMessage(hash: HashName, db: Uint8Array): { bad: number; start: number } {
  const emptyLabelHash = hashes[hash](new Uint8Array(0));
  let bad = 0;
  let start = 0;
  let inPadding = 0xffff;
  for (let i = 0; i < emptyLabelHash.length; i += 1) bad |= (db[i] ?? 0) ^ (emptyLabelHash[i] ?? 0);
  for (let i = emptyLabelHash.length; i < db.length; i += 1) {
    const byte = db[i] ?? 0;
    const isZero = zeroMask(byte);
    const isOne = zeroMask(byte ^ 1);
    start |= inPadding & isOne & (i + 1);
    bad |= inPadding & ~isZero & ~isOne;
    inPadding &= isZero;
  }
  return { bad: bad | inPadding, start };
}
