// CBC-MAC, which CCM and S2V authenticate with, on data that stays as it is.
import { Encryption } from "../cipher/encryption";
import { BATCH, BATCH_SIZE } from "../memory";
import { copyBlocks } from "./bytes";

/** Adds every block at `data` to the block at `state`, which is encrypted each time. `length` is a multiple of 16. Leaves text in BATCH. */
export function absorbCopy<C extends Encryption>(cipher: C, state: usize, data: usize, length: u32): void {
  while (length > 0) {
    const part = min<u32>(length, <u32>BATCH_SIZE);
    copyBlocks(BATCH, data, part >> 4);
    cipher.encryptChain(state, BATCH, part);
    v128.store(state, v128.load(BATCH + part - 16));
    data += part;
    length -= part;
  }
}
