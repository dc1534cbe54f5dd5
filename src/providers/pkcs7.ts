import { LanelockError } from "../errors.ts";

const blockLength = 16;

/** PKCS#7 padding to whole blocks of 16 bytes (RFC 5652 §6.3): always 1 to 16 bytes. */
export function padPkcs7(data: Uint8Array): Uint8Array {
  const count = blockLength - (data.length % blockLength);
  const padded = new Uint8Array(data.length + count).fill(count);
  padded.set(data);
  return padded;
}

/**
 * Returns a copy without its padding. The last block is read in constant time, and every invalid padding gets the same
 * error.
 *
 * @param padded a positive multiple of 16 bytes
 * @throws LanelockError `ERR_PADDING`
 */
export function unpadPkcs7(padded: Uint8Array): Uint8Array {
  const block = padded.subarray(padded.length - blockLength);
  const count = block[blockLength - 1] ?? 0;
  // Sign bits as masks: count must be 1 to 16, and each of the last `count` bytes equal to it.
  let wrong = (count - 1) | (blockLength - count);
  for (let i = 0; i < blockLength; i += 1) {
    const inPadding = ((blockLength - 1 - i - count) >> 31) & 0xff;
    wrong |= -((block[i] ?? 0) ^ count) & -(inPadding & 1);
  }
  if (wrong < 0) throw new LanelockError("ERR_PADDING", "The padding is not valid");
  return padded.slice(0, padded.length - count);
}
