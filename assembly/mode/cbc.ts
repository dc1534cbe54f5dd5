// CBC (SP 800-38A §6.2). `chain` holds the IV, then the last ciphertext block: calls on consecutive parts add up.
import { BATCH, ZEROS } from "../memory";
import { BlockCipher } from "../cipher/block-cipher";
import { copyBlocks } from "./bytes";
import { wipeBatch } from "./counter";

/** Encrypts `length` bytes at `data` in place, a multiple of 16. Every block waits for the one before. */
export function cbcEncrypt<C extends BlockCipher>(cipher: C, chain: usize, data: usize, length: u32): void {
  if (length == 0) return;
  cipher.encryptChain(chain, data, length);
  v128.store(chain, v128.load(data + length - 16));
}

/**
 * Decrypts `length` bytes at `data` in place, a multiple of 16. A batch adds the preceding ciphertext to each block, so the
 * block before `data` temporarily holds the chain.
 */
export function cbcDecrypt<C extends BlockCipher>(cipher: C, chain: usize, data: usize, length: u32): void {
  const lanes = cipher.lanes(), bulk = cipher.bulk();
  let blocks = length >> 4;
  if (blocks >= cipher.bulkFrom()) {
    cipher.beginDecryption();
    for (; blocks >= bulk; blocks -= bulk, data += 16 * bulk) {
      const borrowed = lendChain(chain, data, bulk);
      cipher.decryptBulk(data, data, data - 16);
      v128.store(data - 16, borrowed);
    }
    cipher.endBulk();
  }
  for (; blocks >= lanes; blocks -= lanes, data += 16 * lanes) {
    const borrowed = lendChain(chain, data, lanes);
    cipher.decryptBatch(data, data, data - 16, lanes);
    v128.store(data - 16, borrowed);
  }
  if (blocks > 0) decryptTail<C>(cipher, chain, data, blocks);
  wipeBatch<C>(cipher, lanes);
}

/** Puts the chain before the `count` blocks at `data`, whose last becomes the chain. Returns what was there. */
@inline
function lendChain(chain: usize, data: usize, count: u32): v128 {
  const next = v128.load(data + 16 * count - 16), borrowed = v128.load(data - 16);
  v128.store(data - 16, v128.load(chain));
  v128.store(chain, next);
  return borrowed;
}

/** Fewer blocks than a batch: decrypted in a copy, so that the memory after them is untouched. */
function decryptTail<C extends BlockCipher>(cipher: C, chain: usize, data: usize, blocks: u32): void {
  copyBlocks(BATCH, data, blocks);
  cipher.decryptBatch(BATCH, BATCH, ZEROS, blocks);
  for (let i: usize = 0; i < blocks; ++i) {
    const ciphertext = v128.load(data + 16 * i);
    v128.store(data + 16 * i, v128.xor(v128.load(BATCH + 16 * i), v128.load(chain)));
    v128.store(chain, ciphertext);
  }
}
