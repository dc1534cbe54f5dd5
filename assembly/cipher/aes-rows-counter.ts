// The first two AES rounds of counter mode, computed once per 256 blocks instead of once per 32, by rows (aes-rows.ts).
//
// The counter's four bytes are bytes 12 to 15 of the block: one column, but ShiftRows moves them to four different ones, so
// that after round 1 each column depends on one counter byte: column 0 on the lowest (byte 15), columns 1 to 3 on the
// upper three. Round 2 is linear after its S-box, so the state after it is the sum of each column's contribution:
//
//     state after round 2 = table[lowest byte]  +  rest(upper bytes)
//                           column 0 alone         columns 1 to 3, and the round key
//
// The table holds for one key and one prefix of 12 bytes, the rest for 256 consecutive counters. One batch makes 32 of these rests,
// and each is then spread to all blocks. The index into the table is the counter, so this is for public counters only (CTR mode, and
// GCM with a nonce of 96 bits). The same idea for table-driven AES: Bernstein and Schwabe, New AES software speed records (2008).
import { Single } from "../lanes";
import { BATCH, COUNTER_REST, COUNTER_RESTS, COUNTER_TABLE, PLANES, ROW_KEYS, wipeBlocks, ZEROS } from "../memory";
import { packRows, ROW_BATCH } from "./aes-rows";
import { mixRows } from "./aes-rows-encrypt";
import { substitute } from "./aes-substitute";

/** Two rounds on the 32 blocks at BATCH, the second with only the columns of `mask` after the S-box and with the round key at `key`, into
 * `to`. */
function twoRounds(mask: v128, key: usize, to: usize): void {
  const end = PLANES + ROW_BATCH;
  packRows<Single>(BATCH, PLANES, ROW_KEYS);
  substitute<Single>(end);
  mixRows<Single>(end, ROW_KEYS + ROW_BATCH);
  substitute<Single>(end);
  for (let at = PLANES; at < end; at += 16) v128.store(at, v128.and(v128.load(at), mask));
  mixRows<Single>(end, key);
  for (let i: usize = 0; i < ROW_BATCH; i += 16) v128.store(to + i, v128.load(PLANES + i));
}

/** The table for the first 12 bytes of the counter block at `block`. */
export function makeCounterTable(block: usize): void {
  const counter = v128.load(block);
  for (let low: u32 = 0; low < 256; low += 32) {
    for (let i: u32 = 0; i < 32; ++i) {
      v128.store(BATCH + 16 * i, counter);
      store<u8>(BATCH + 16 * i, <u8>(low + i), 15);
    }
    twoRounds(i32x4(-1, 0, 0, 0), ZEROS, COUNTER_TABLE + 16 * low);
  }
  wipeBlocks(BATCH, ROW_BATCH);
}

/** The rests for the upper bytes of the counter block at `block` and 31 values after them. */
export function makeCounterRests(block: usize): void {
  const counter = v128.load(block), first = bswap<u32>(load<u32>(block, 12));
  for (let i: u32 = 0; i < 32; ++i) {
    v128.store(BATCH + 16 * i, i32x4.replace_lane(counter, 3, bswap<u32>(first + 256 * i)));
  }
  twoRounds(i32x4(0, -1, -1, -1), ROW_KEYS + 2 * ROW_BATCH, COUNTER_RESTS);
  wipeBlocks(BATCH, ROW_BATCH);
}

/** Spreads the rest of block `index` ≤ 31 to all blocks: its bit moves to the top of each lane, and from there to all of it. */
export function spreadCounterRest(index: u32): void {
  const up = 31 - (8 * (index & 3) + (index >> 2));
  for (let i: usize = 0; i < ROW_BATCH; i += 16) {
    v128.store(COUNTER_REST + i, i32x4.shr_s(i32x4.shl(v128.load(COUNTER_RESTS + i), up), 31));
  }
}

/** The planes after round 2 of the 64 counters from `low` on, two batches. */
@inline
export function loadCounterRows(low: u32): void {
  const from = COUNTER_TABLE + 16 * low;
  for (let i: usize = 0; i < ROW_BATCH; i += 16) {
    const rest = v128.load(COUNTER_REST + i);
    v128.store(PLANES + i, v128.xor(v128.load(from + i), rest));
    v128.store(PLANES + i, v128.xor(v128.load(from + i, ROW_BATCH), rest), ROW_BATCH);
  }
}
