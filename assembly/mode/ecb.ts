// ECB (SP 800-38A §6.1).
import { BATCH, ZEROS } from "../memory";
import { BlockCipher } from "../cipher/block-cipher";
import { copyBlocks } from "./bytes";
import { encryptKeystream, wipeBatch } from "./counter";

/** Encrypts `length` bytes at `data` in place, a multiple of 16. */
export function ecbEncrypt<C extends BlockCipher>(cipher: C, data: usize, length: u32): void {
  const lanes = cipher.lanes(), bulk = cipher.bulk();
  let blocks = length >> 4;
  if (blocks >= cipher.bulkFrom()) {
    cipher.beginEncryption();
    for (; blocks >= bulk; blocks -= bulk, data += 16 * bulk) cipher.encryptBulk(data, data, ZEROS);
    cipher.endBulk();
  }
  for (; blocks >= lanes; blocks -= lanes, data += 16 * lanes) cipher.encryptBatch(data, data, ZEROS, lanes);
  if (blocks > 0) {
    copyBlocks(BATCH, data, blocks);
    encryptKeystream<C>(cipher, blocks);
    copyBlocks(data, BATCH, blocks);
  }
  wipeBatch<C>(cipher, lanes);
}

/** Decrypts `length` bytes at `data` in place, a multiple of 16. */
export function ecbDecrypt<C extends BlockCipher>(cipher: C, data: usize, length: u32): void {
  const lanes = cipher.lanes(), bulk = cipher.bulk();
  let blocks = length >> 4;
  if (blocks >= cipher.bulkFrom()) {
    cipher.beginDecryption();
    for (; blocks >= bulk; blocks -= bulk, data += 16 * bulk) cipher.decryptBulk(data, data, ZEROS);
    cipher.endBulk();
  }
  for (; blocks >= lanes; blocks -= lanes, data += 16 * lanes) cipher.decryptBatch(data, data, ZEROS, lanes);
  if (blocks > 0) {
    copyBlocks(BATCH, data, blocks);
    cipher.decryptBatch(BATCH, BATCH, ZEROS, blocks);
    copyBlocks(data, BATCH, blocks);
  }
  wipeBatch<C>(cipher, lanes);
}
