// ECB (SP 800-38A §6.1).
import { BATCH, wipeBlocks } from "../memory";
import { BlockCipher } from "../cipher/block-cipher";
import { copyBlocks } from "./bytes";
import { encryptBatchOf } from "./counter";

/** Encrypts `length` bytes at `data` in place, a multiple of 16. */
export function ecbEncrypt<C extends BlockCipher>(cipher: C, data: usize, length: u32): void {
  const lanes = cipher.lanes();
  let blocks = length >> 4;
  for (; blocks >= lanes; blocks -= lanes, data += 16 * lanes) cipher.encryptBatch(data);
  if (blocks == 0) return;
  copyBlocks(BATCH, data, blocks);
  encryptBatchOf<C>(cipher, blocks);
  copyBlocks(data, BATCH, blocks);
  wipeBlocks(BATCH, 16 * lanes);
}

/** Decrypts `length` bytes at `data` in place, a multiple of 16. */
export function ecbDecrypt<C extends BlockCipher>(cipher: C, data: usize, length: u32): void {
  const lanes = cipher.lanes();
  let blocks = length >> 4;
  for (; blocks >= lanes; blocks -= lanes, data += 16 * lanes) cipher.decryptBatch(data);
  if (blocks == 0) return;
  copyBlocks(BATCH, data, blocks);
  cipher.decryptBatch(BATCH);
  copyBlocks(data, BATCH, blocks);
  wipeBlocks(BATCH, 16 * lanes);
}
