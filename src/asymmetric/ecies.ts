import { hmac } from "@noble/hashes/hmac.js";
import { sha1 } from "@noble/hashes/legacy.js";
import { LanelockError } from "../errors.ts";
import type { EcKeySpec } from "../shared/algorithms.ts";
import { equalBytes } from "../shared/equal-bytes.ts";
import { codeOf } from "../shared/thrown.ts";
import { validPoint } from "./ec-curves.ts";
import { eciesPlaintextLimit } from "./key-specs.ts";
import { undecryptable } from "./runtime.ts";

// ECIES_DH_SHA_1_XOR_HMAC is SEC 1 v2.0 §5.1 with ECDH, ANSI-X9.63-KDF over SHA-1, XOR and HMAC-SHA-1-160, and with both
// SharedInfos empty:
//
//     ciphertext = R (65, or 33 compressed) ‖ EM (as long as the plaintext) ‖ D (20)
//     Z  = x-coordinate of d·R, 32 bytes        K = KDF(Z) = EK (as long as EM) ‖ MK (20)
//     EM = plaintext ⊕ EK                       D = HMAC-SHA-1(MK, EM)

const macLength = 20;
const fieldLength = 32;

/** ANSI-X9.63-KDF (SEC 1 §3.6.1) with SHA-1 and no SharedInfo. */
function deriveKey(sharedX: Uint8Array, length: number): Uint8Array {
  const key = new Uint8Array(Math.ceil(length / sha1.outputLen) * sha1.outputLen);
  const input = new Uint8Array(sharedX.length + 4);
  const counter = new DataView(input.buffer, sharedX.length);
  input.set(sharedX);
  for (let offset = 0; offset < length; offset += sha1.outputLen) {
    counter.setUint32(0, offset / sha1.outputLen + 1);
    const block = sha1(input);
    key.set(block, offset);
    block.fill(0);
  }
  input.fill(0);
  return key;
}

function xor(into: Uint8Array, data: Uint8Array, key: Uint8Array): void {
  for (let i = 0; i < into.length; i += 1) into[i] = (data[i] ?? 0) ^ (key[i] ?? 0);
}

/**
 * Encrypts with the result of an ECDH.
 *
 * @param ephemeralPoint R, uncompressed: 65 bytes. Its private key must not be used for another message.
 * @param sharedX Z, 32 bytes. It is wiped.
 * @returns R ‖ EM ‖ D, 85 bytes longer than the plaintext
 */
export function sealEcies({
  ephemeralPoint,
  sharedX,
  plaintext,
}: {
  ephemeralPoint: Uint8Array;
  sharedX: Uint8Array;
  plaintext: Uint8Array;
}): Uint8Array<ArrayBuffer> {
  const sealed = new Uint8Array(ephemeralPoint.length + plaintext.length + macLength);
  const masked = sealed.subarray(ephemeralPoint.length, sealed.length - macLength);
  const key = deriveKey(sharedX, plaintext.length + macLength);
  sealed.set(ephemeralPoint);
  xor(masked, plaintext, key);
  const macKey = key.subarray(plaintext.length, plaintext.length + macLength);
  sealed.set(hmac(sha1, macKey, masked), sealed.length - macLength);
  key.fill(0);
  sharedX.fill(0);
  return sealed;
}

/** Copies R (as an uncompressed point on its curve), EM and D. Every malformed ciphertext gets the same error. */
async function parse(spec: EcKeySpec, bytes: Uint8Array) {
  if (bytes.length > 65 + eciesPlaintextLimit + macLength) throw undecryptable();
  const ciphertext = new Uint8Array(bytes);
  const pointLength = ciphertext[0] === 4 ? 65 : 33;
  const maskedLength = ciphertext.length - pointLength - macLength;
  if (maskedLength < 0 || maskedLength > eciesPlaintextLimit) throw undecryptable();
  const point = await validPoint({ spec, point: ciphertext.subarray(0, pointLength) }).catch((error: unknown) => {
    throw codeOf(error) === "ERR_KEY" ? undecryptable() : error;
  });
  const masked = ciphertext.subarray(pointLength, pointLength + maskedLength);
  return { point, masked, tag: ciphertext.subarray(pointLength + maskedLength) };
}

/**
 * Decrypts, after a check of D.
 *
 * @param ecdh computes the x-coordinate of the ECDH with R: 32 bytes, leading zeros included, which are wiped. It gets R
 * uncompressed (65 bytes) and checked, so its errors are not the ciphertext's fault and are thrown as they are.
 * @throws {LanelockError} `ERR_AUTHENTICATION`
 */
export async function openEcies(
  { spec, ciphertext }: { spec: EcKeySpec; ciphertext: Uint8Array },
  ecdh: (point: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  const { point, masked, tag } = await parse(spec, ciphertext);
  const sharedX = await ecdh(point);
  if (sharedX.length !== fieldLength) {
    throw new LanelockError("ERR_PROVIDER", `ECDH returned ${sharedX.length} bytes instead of ${fieldLength}.`);
  }
  const key = deriveKey(sharedX, masked.length + macLength);
  sharedX.fill(0);
  try {
    const expected = hmac(sha1, key.subarray(masked.length, masked.length + macLength), masked);
    if (!equalBytes(expected, tag)) throw undecryptable();
    const plaintext = new Uint8Array(masked.length);
    xor(plaintext, masked, key);
    return plaintext;
  } finally {
    key.fill(0);
  }
}
