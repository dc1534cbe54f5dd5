// CTR (SP 800-38A §6.5): the counter is the whole block, big-endian, modulo 2^128, as OpenSSL and Node count.
import { reverseHalves } from "../big-endian";
import { BlockCipher } from "../cipher/block-cipher";
import { addKeystream } from "./counter";

/** Adds 1 to the first 12 bytes of the block, big-endian. */
function carryInto(block: usize): void {
  const middle = bswap<u32>(load<u32>(block, 8)) + 1;
  store<u32>(block, bswap<u32>(middle), 8);
  if (middle == 0) {
    const upper = reverseHalves(v128.load64_zero(block));
    v128.store64_lane(block, reverseHalves(i64x2.add(upper, i64x2.splat(1))), 0);
  }
}

/** Encrypts or decrypts `length` bytes at `data` in place, with the counter block at `block`, which moves on. */
export function ctr<C extends BlockCipher>(cipher: C, block: usize, data: usize, length: u32): void {
  while (length > 0) {
    // Bytes until the last four bytes of the counter wrap to zero.
    const room = <u64>16 * (0x100000000 - <u64>bswap<u32>(load<u32>(block, 12)));
    const part = <u32>min<u64>(room, length);
    addKeystream<C>(cipher, block, data, part, true);
    if (part == room) carryInto(block);
    data += part;
    length -= part;
  }
}
