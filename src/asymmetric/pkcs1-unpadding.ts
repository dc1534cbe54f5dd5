import { zeroMask } from "../shared/zero-mask.ts";
import { undecryptable } from "./runtime.ts";

/**
 * EME-PKCS1-v1_5 decoding (RFC 8017 §7.2.2 step 3) of the output of raw RSA, to a message of exactly `length` bytes:
 *
 *     encoded = 00 ‖ 02 ‖ padding, no byte of it zero ‖ 00 ‖ message (length)
 *
 * With the length fixed, the place of every byte is known: nothing branches or indexes on a byte of `encoded` before the final
 * check. Success or failure still shows whether the padding is valid (Bleichenbacher 1998), so the caller must limit the number
 * of attempts.
 *
 * @param encoded as long as the modulus, in bytes; it is not changed
 * @param length bytes of the message, at most `encoded.length` − 11
 * @throws {LanelockError} `ERR_AUTHENTICATION`
 */
export function unpadPkcs1(encoded: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const separator = encoded.length - length - 1;
  if (separator < 10) throw undecryptable();
  let bad = (encoded[0] ?? 1) | ((encoded[1] ?? 0) ^ 2) | (encoded[separator] ?? 1);
  for (let i = 2; i < separator; i += 1) bad |= zeroMask(encoded[i] ?? 0);
  if (bad !== 0) throw undecryptable();
  return new Uint8Array(encoded.subarray(separator + 1));
}
