import { hashKey } from "./gcm.ts";
import { fromBlock, inverse, multiply, toBlock } from "./gf128.ts";
import type { BlockCipherName } from "./openssl-modes.ts";

/**
 * Finds, for a key, the 16-byte GCM nonce whose pre-counter block J0 is a given block. With H the hash key and L the
 * block that holds the nonce's length in bits, J0 = (nonce · H + L) · H (SP 800-38D §7.1, step 2), so that
 * nonce = (J0 / H + L) / H.
 */
export function nonceFinder(cipher: BlockCipherName, key: Uint8Array): (j0: Uint8Array) => Uint8Array<ArrayBuffer> {
  const inverseOfH = inverse(fromBlock(hashKey(cipher, key)));
  const length = 128n;
  return (j0) => toBlock(multiply(multiply(fromBlock(j0), inverseOfH) ^ length, inverseOfH));
}
