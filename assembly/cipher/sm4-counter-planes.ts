// Counter blocks for SM4's counter mode, made as bit planes: no transposition on the way in.
//
// Words 0 to 2 are the same in all blocks. Of word 3, the counter, the three upper bytes are the same for 256 blocks, and
// the low byte of the 32 blocks of a group starting at a multiple of 32 is its start plus 0 … 31. The planes
// depend on the counter, so this is for public counters only.
import { COUNTER_TABLE, PLANES } from "../memory";
import { bitMask } from "./plane-key";

/** Bits 0 … 4 of a block's number, by its place within a lane (sm4-bitslice.ts): bit 8·g + j is block 4·j + g. */
export const COUNTER_BITS = memory.data<u32>([0xff00ff00, 0xffff0000, 0xaaaaaaaa, 0xcccccccc, 0xf0f0f0f0]);

/** The four bytes of a word, one to a lane, most significant first. */
@inline
function spreadBytes(word: usize): v128 {
  const bytes = v128.load32_splat(word);
  return v128.shuffle<u8>(bytes, bytes, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
}

function storeWord(to: usize, word: usize): void {
  const bytes = spreadBytes(word);
  for (let k: u32 = 0; k < 8; ++k) v128.store(to + 16 * k, bitMask(bytes, k));
}

/** Words 0 to 2 of the counter block at `block`. */
export function beginCounter(block: usize): void {
  for (let w: usize = 0; w < 3; ++w) storeWord(COUNTER_TABLE + 128 * w, block + 4 * w);
}

/** The upper 24 bits of the counter at `block`. */
export function setCounterUpper(block: usize): void {
  storeWord(COUNTER_TABLE + 384, block + 12);
}

/** The planes of the 128 counter blocks from low byte `low` on, a multiple of 128: four groups of 32. */
export function loadCounterPlanes(low: u32): void {
  for (let group = PLANES; group < PLANES + 2048; group += 512, low += 32) {
    for (let i: usize = 0; i < 512; i += 16) v128.store(group + i, v128.load(COUNTER_TABLE + i));
    for (let k: u32 = 0; k < 8; ++k) {
      store<u32>(group + 384 + 16 * k, k < 5 ? load<u32>(COUNTER_BITS + 4 * k) : 0 - (low >> k & 1), 12);
    }
  }
}
