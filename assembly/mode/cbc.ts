// CBC (SP 800-38A §6.2). `chain` holds the IV, then the last ciphertext block: calls on consecutive parts add up.
import { BATCH, wipeBlocks } from "../memory";
import { BlockCipher } from "../cipher/block-cipher";
import { copyBlocks } from "./bytes";

/** Encrypts `length` bytes at `data` in place, a multiple of 16. Every block waits for the one before. */
export function cbcEncrypt<C extends BlockCipher>(cipher: C, chain: usize, data: usize, length: u32): void {
  const end = data + length;
  for (; data < end; data += 16) {
    v128.store(BATCH, v128.xor(v128.load(chain), v128.load(data)));
    cipher.encryptFew(BATCH, 1);
    copyBlocks(data, BATCH, 1);
    copyBlocks(chain, BATCH, 1);
  }
  wipeBlocks(BATCH, 128);
}

/** Adds to each of `count` decrypted blocks at `data` the ciphertext block before it, from `chain` and then BATCH. */
@inline
function unchain(chain: usize, data: usize, count: u32): void {
  v128.store(data, v128.xor(v128.load(data), v128.load(chain)));
  for (let i: usize = 1; i < count; ++i) {
    v128.store(data + 16 * i, v128.xor(v128.load(data + 16 * i), v128.load(BATCH + 16 * i - 16)));
  }
  copyBlocks(chain, BATCH + 16 * count - 16, 1);
}

/** Decrypts `length` bytes at `data` in place, a multiple of 16. */
export function cbcDecrypt<C extends BlockCipher>(cipher: C, chain: usize, data: usize, length: u32): void {
  const lanes = cipher.lanes();
  let blocks = length >> 4;
  for (; blocks >= lanes; blocks -= lanes, data += 16 * lanes) {
    copyBlocks(BATCH, data, lanes);
    cipher.decryptBatch(data);
    unchain(chain, data, lanes);
  }
  if (blocks > 0) decryptTail<C>(cipher, chain, data, blocks);
  wipeBlocks(BATCH, 16 * lanes);
}

/** Fewer blocks than a batch: decrypted aside, so that nothing behind them is touched. */
function decryptTail<C extends BlockCipher>(cipher: C, chain: usize, data: usize, blocks: u32): void {
  copyBlocks(BATCH, data, blocks);
  cipher.decryptBatch(BATCH);
  for (let i: usize = 0; i < blocks; ++i) {
    const ciphertext = v128.load(data + 16 * i);
    v128.store(data + 16 * i, v128.xor(v128.load(BATCH + 16 * i), v128.load(chain)));
    v128.store(chain, ciphertext);
  }
}
