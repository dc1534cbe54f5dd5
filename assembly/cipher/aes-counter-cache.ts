// The first two AES rounds of counter mode, computed once per 256 blocks instead of once per 8.
//
// The counter's four bytes are bytes 12 to 15 of the block: one column, but ShiftRows moves them to four different ones, so
// that after round 1 each column depends on one counter byte: column 0 on the lowest (byte 15), columns 1 to 3 on the
// upper three. Round 2 is linear after its S-box, so the state after it is the sum of each column's contribution:
//
//     state after round 2 = table[lowest byte]  +  rest(upper bytes)
//                           column 0 alone         columns 1 to 3, and the round key
//
// The table holds for one key and one prefix of 12 bytes, the rest for 256 consecutive counters. The index into
// the table is the counter, so this is for public counters only (CTR mode, and GCM with a nonce of 96 bits). The same idea for
// table-driven AES: Bernstein and Schwabe, New AES software speed records (2008).
import { BATCH, COLUMN_MASK, COUNTER_REST, COUNTER_TABLE, PLANES, wipeBlocks, ZEROS } from "../memory";
import { forwardRound, mixColumnsAndStore, pack, shiftRows } from "./aes-bitslice";

/** A round that keeps only the columns of COLUMN_MASK after the S-box. */
@unmanaged
@final
class PartialRound {
  @inline
  afterSbox(key: usize, to: usize, add: usize, a0: v128, a1: v128, a2: v128, a3: v128, a4: v128, a5: v128, a6: v128, a7: v128): void {
    const mask = v128.load(COLUMN_MASK);
    mixColumnsAndStore(
      to, key,
      shiftRows(v128.and(a0, mask)), shiftRows(v128.and(a1, mask)), shiftRows(v128.and(a2, mask)), shiftRows(v128.and(a3, mask)),
      shiftRows(v128.and(a4, mask)), shiftRows(v128.and(a5, mask)), shiftRows(v128.and(a6, mask)), shiftRows(v128.and(a7, mask)),
    );
  }
}

/** Two rounds on the eight blocks at BATCH, the second with `mask` and `key`, into `to`. */
function twoRounds(keys: usize, mask: v128, key: usize, to: usize): void {
  pack(BATCH, PLANES, keys);
  v128.store(COLUMN_MASK, i8x16.splat(-1));
  forwardRound<PartialRound>(PLANES, keys + 128, PLANES, 0);
  v128.store(COLUMN_MASK, mask);
  forwardRound<PartialRound>(PLANES, key, to, 0);
}

/** Eight copies of the counter block at `block` to BATCH, their lowest bytes from `low` up. */
function spreadCounter(block: usize, low: u32): void {
  const counter = v128.load(block);
  for (let j: u32 = 0; j < 8; ++j) {
    v128.store(BATCH + 16 * j, counter);
    store<u8>(BATCH + 16 * j, <u8>(low + j), 15);
  }
}

export function beginCounterTable(keys: usize, block: usize): void {
  for (let low: u32 = 0; low < 256; low += 8) {
    spreadCounter(block, low);
    twoRounds(keys, i32x4.splat(0x000000ff), ZEROS, COUNTER_TABLE + 16 * low);
  }
  wipeBlocks(BATCH, 128);
}

export function setCounterRest(keys: usize, block: usize): void {
  spreadCounter(block, 0);
  twoRounds(keys, i32x4.splat(<i32>0xffffff00), keys + 256, COUNTER_REST);
  wipeBlocks(BATCH, 128);
}

/** The planes after round 2 of the 32 counters from `low` on, four groups of eight. */
@inline
export function loadCounterState(low: u32): void {
  const from = COUNTER_TABLE + 16 * low;
  for (let i: usize = 0; i < 128; i += 16) {
    const rest = v128.load(COUNTER_REST + i);
    v128.store(PLANES + i, v128.xor(v128.load(from + i), rest));
    v128.store(PLANES + i, v128.xor(v128.load(from + i, 128), rest), 128);
    v128.store(PLANES + i, v128.xor(v128.load(from + i, 256), rest), 256);
    v128.store(PLANES + i, v128.xor(v128.load(from + i, 384), rest), 384);
  }
}
