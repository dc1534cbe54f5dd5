// CFB with segments of 128 bits (SP 800-38A §6.3); the last may be shorter. `chain` holds the IV, then the last ciphertext block:
// calls on consecutive parts add up.
import { Encryption } from "../cipher/encryption";
import { BATCH, BATCH_SIZE, wipeBlocks, ZEROS } from "../memory";
import { copyBlocks, xorBytes } from "./bytes";
import { encryptKeystream, wipeBatch } from "./counter";

/**
 * Encrypts `length` bytes at `data` in place. Every block waits for the one before. The keystream of a block is the encryption of the
 * plaintext before it plus the keystream of that: CBC of the chain and then the plaintext, one block behind.
 */
export function cfbEncrypt<C extends Encryption>(cipher: C, chain: usize, data: usize, length: u32): void {
  while (length > 0) {
    const part = min<u32>(length, <u32>BATCH_SIZE), blocks = part + 15 >> 4;
    v128.store(BATCH, v128.load(chain));
    copyBlocks(BATCH + 16, data, blocks - 1);
    cipher.encryptChain(ZEROS, BATCH, 16 * blocks);
    xorBytes(data, BATCH, part);
    if (part & 15) break;
    v128.store(chain, v128.load(data + part - 16));
    data += part;
    length -= part;
  }
  wipeBlocks(BATCH, BATCH_SIZE);
}

/** Decrypts `length` bytes at `data` in place. A batch encrypts the ciphertext before each block, so the block before `data`
 * temporarily holds the chain. */
export function cfbDecrypt<C extends Encryption>(cipher: C, chain: usize, data: usize, length: u32): void {
  const lanes = cipher.lanes(), batch: u32 = 16 * lanes;
  for (; length >= batch; length -= batch, data += batch) {
    const next = v128.load(data + batch - 16), borrowed = v128.load(data - 16);
    v128.store(data - 16, v128.load(chain));
    cipher.encryptBatch(data - 16, data, data, lanes);
    v128.store(data - 16, borrowed);
    v128.store(chain, next);
  }
  if (length > 0) decryptTail<C>(cipher, chain, data, length);
  wipeBatch<C>(cipher, lanes);
}

/** Less than a batch. */
function decryptTail<C extends Encryption>(cipher: C, chain: usize, data: usize, length: u32): void {
  const blocks = length + 15 >> 4, whole = length & ~15;
  v128.store(BATCH, v128.load(chain));
  copyBlocks(BATCH + 16, data, blocks - 1);
  if (whole > 0) v128.store(chain, v128.load(data + whole - 16));
  encryptKeystream<C>(cipher, blocks);
  xorBytes(data, BATCH, length);
}
