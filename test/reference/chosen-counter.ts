import { hashKey } from "./gcm.ts";
import { fromBlock, inverse, multiply, toBlock } from "./gf128.ts";
import type { BlockCipherName } from "./openssl-modes.ts";

/**
 * The 16-byte GCM nonce whose pre-counter block J0 is `counterBlock`. With H the hash key and L the block that holds the
 * nonce's length in bits, J0 = (nonce · H + L) · H (SP 800-38D §7.1, step 2), so nonce = (J0 / H + L) / H.
 */
export function nonceForCounterBlock(
  { cipher, key }: { cipher: BlockCipherName; key: Uint8Array },
  counterBlock: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const inverseOfH = inverse(fromBlock(hashKey(cipher, key)));
  const length = 128n;
  return toBlock(multiply(multiply(fromBlock(counterBlock), inverseOfH) ^ length, inverseOfH));
}
