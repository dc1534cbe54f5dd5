// OFB (SP 800-38A §6.4). `chain` holds the IV, then the last block of keystream: calls on consecutive parts add up.
import { Encryption } from "../cipher/encryption";
import { BATCH, BATCH_SIZE, wipeBlocks } from "../memory";
import { xorBytes } from "./bytes";

/** Encrypts or decrypts `length` bytes at `data` in place. The keystream is the CBC encryption of zeros. */
export function ofb<C extends Encryption>(cipher: C, chain: usize, data: usize, length: u32): void {
  while (length > 0) {
    const part = min<u32>(length, <u32>BATCH_SIZE), bytes = part + 15 & ~15;
    wipeBlocks(BATCH, bytes);
    cipher.encryptChain(chain, BATCH, bytes);
    v128.store(chain, v128.load(BATCH + bytes - 16));
    xorBytes(data, BATCH, part);
    data += part;
    length -= part;
  }
  wipeBlocks(BATCH, BATCH_SIZE);
}
