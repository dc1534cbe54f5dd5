import { LanelockError } from "../errors.ts";
import { zeroMask } from "../shared/zero-mask.ts";

const blockLength = 16;

/** PKCS#7 padding to whole blocks of 16 bytes (RFC 5652 §6.3): always 1 to 16 bytes. */
export function padPkcs7(data: Uint8Array): Uint8Array {
  const count = blockLength - (data.length % blockLength);
  const padded = new Uint8Array(data.length + count).fill(count);
  padded.set(data);
  return padded;
}

/**
 * How many bytes of padding end a block, if `wrong` is zero: 1 to 16. Masks instead of branches: a byte is in the padding until as many
 * as `count` were read.
 */
export function findPadding(block: Uint8Array): { wrong: number; count: number } {
  const count = block[blockLength - 1] ?? 0;
  let [wrong, ended, inRange] = [0, 0, 0];
  for (let read = 0; read < blockLength; read += 1) {
    ended |= zeroMask(count ^ read);
    inRange |= zeroMask(count ^ (read + 1));
    wrong |= ((block[blockLength - 1 - read] ?? 0) ^ count) & ~ended;
  }
  return { wrong: wrong | (inRange ^ 0xffff), count };
}

/**
 * Returns a copy without its padding. The last block is read in constant time, and every invalid padding gets the same
 * error. After success, the time reveals the length.
 *
 * @param padded a positive multiple of 16 bytes
 * @throws LanelockError `ERR_PADDING`
 */
export function unpadPkcs7(padded: Uint8Array): Uint8Array {
  const { wrong, count } = findPadding(padded.subarray(padded.length - blockLength));
  if (wrong !== 0) throw new LanelockError("ERR_PADDING", "The padding is not valid");
  return padded.slice(0, padded.length - count);
}
