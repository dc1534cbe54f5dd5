// AES one block at a time by vector permutation: a vector is one block, and inversion goes by nibbles
// (nibble-inversion.ts). The state stays in pairs of nibbles from the first round to the last but one: the tables of the S-box
// take in its affine part, MixColumns' doubling and the way back to pairs.
import { lookup } from "../swizzle";
import { firstIndex, ofInverse, secondIndex, translate } from "./nibble-inversion";

const TABLES = memory.data<u8>([
  // byte → (i, k), from its low and its high nibble
  0x00, 0x01, 0x37, 0x36, 0xd0, 0xd1, 0xe7, 0xe6, 0xd2, 0xd3, 0xe5, 0xe4, 0x02, 0x03, 0x35, 0x34,
  0x00, 0xbb, 0x7b, 0xc0, 0xbf, 0x04, 0xc4, 0x7f, 0xc8, 0x73, 0xb3, 0x08, 0x77, 0xcc, 0x0c, 0xb7,
  // 1/n and a/n
  0x80, 0x01, 0x08, 0x0d, 0x0f, 0x06, 0x05, 0x0e, 0x02, 0x0c, 0x0b, 0x0a, 0x09, 0x03, 0x07, 0x04,
  0x80, 0x02, 0x01, 0x0c, 0x08, 0x0b, 0x0d, 0x0a, 0x04, 0x0e, 0x07, 0x05, 0x03, 0x06, 0x09, 0x0f,
  // S(v) + 0x63 as a byte, from io and from jo
  0x00, 0xfa, 0x6a, 0x35, 0xbb, 0x2b, 0x5f, 0x41, 0x8e, 0xcf, 0x1e, 0xe4, 0x90, 0x74, 0xd1, 0xa5,
  0x00, 0x81, 0x76, 0x99, 0xfd, 0x0a, 0xef, 0x7c, 0x64, 0x18, 0x93, 0x12, 0xf7, 0xe5, 0x8b, 0x6e,
  // S(v) + 0x63 as (i, k)
  0x00, 0x52, 0x21, 0x11, 0xec, 0x9f, 0x30, 0xbe, 0xfd, 0x43, 0x8e, 0xdc, 0x73, 0xaf, 0xcd, 0x62,
  0x00, 0xc9, 0x98, 0xa0, 0xb4, 0xe5, 0x38, 0x7d, 0x14, 0x69, 0x45, 0x8c, 0x51, 0xdd, 0x2c, 0xf1,
  // 2·(S(v) + 0x63) as (i, k)
  0x00, 0x38, 0x1c, 0x21, 0xc7, 0xe3, 0x3d, 0xff, 0xe6, 0x19, 0xc2, 0xfa, 0x24, 0xde, 0xdb, 0x05,
  0x00, 0x68, 0x0e, 0xa8, 0x0d, 0x6b, 0xa6, 0x65, 0xa5, 0xc0, 0xc3, 0xab, 0x66, 0xcd, 0x03, 0xce,
  // ShiftRows, and then rows 1, 2 and 3 moved to row 0
  0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11,
  5, 10, 15, 0, 9, 14, 3, 4, 13, 2, 7, 8, 1, 6, 11, 12,
  10, 15, 0, 5, 14, 3, 4, 9, 2, 7, 8, 13, 6, 11, 12, 1,
  15, 0, 5, 10, 3, 4, 9, 14, 7, 8, 13, 2, 11, 12, 1, 6,
], 16);
const S_BYTE = TABLES + 64, S_PAIR = TABLES + 96, S_DOUBLED = TABLES + 128, ROWS = TABLES + 160;

/** ShiftRows and a rotation of every column by `row` bytes. */
@inline
function shiftRows(state: v128, row: i32): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return lookup(state, v128.load(ROWS + 16 * row));
  if (row == 0) return i8x16.swizzle(state, i8x16(0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11));
  if (row == 1) return i8x16.swizzle(state, i8x16(5, 10, 15, 0, 9, 14, 3, 4, 13, 2, 7, 8, 1, 6, 11, 12));
  if (row == 2) return i8x16.swizzle(state, i8x16(10, 15, 0, 5, 14, 3, 4, 9, 2, 7, 8, 13, 6, 11, 12, 1));
  return i8x16.swizzle(state, i8x16(15, 0, 5, 10, 3, 4, 9, 14, 7, 8, 13, 2, 11, 12, 1, 6));
}

/** Bytes → pairs of nibbles. */
@inline
export function toPairs(bytes: v128): v128 {
  return translate(TABLES, bytes);
}

/** SubBytes, ShiftRows, MixColumns on pairs; the caller adds the round key. */
@inline
function middleRound(state: v128): v128 {
  const io = firstIndex(TABLES, state), jo = secondIndex(TABLES, state);
  const once = ofInverse(S_PAIR, io, jo), twice = ofInverse(S_DOUBLED, io, jo);
  return v128.xor(
    v128.xor(shiftRows(twice, 0), shiftRows(v128.xor(once, twice), 1)),
    v128.xor(shiftRows(once, 2), shiftRows(once, 3)),
  );
}

/** SubBytes plus 0x63, pairs → bytes. */
@inline
export function subBytes(state: v128): v128 {
  return ofInverse(S_BYTE, firstIndex(TABLES, state), secondIndex(TABLES, state));
}

@inline
function encryptOne(keys: usize, rounds: u32, block: usize): void {
  let state = v128.xor(toPairs(v128.load(block)), v128.load(keys));
  const last = keys + 16 * rounds;
  for (let key = keys + 16; key < last; key += 16) state = v128.xor(middleRound(state), v128.load(key));
  v128.store(block, v128.xor(shiftRows(subBytes(state), 0), v128.load(last)));
}

/** Encrypts blocks in place, each round on all of them before the next: a block alone waits for its own look-ups, and the processor
 * works on the others meanwhile. */
@inline
function encryptAbreast(keys: usize, rounds: u32, blocks: usize, count: u32): void {
  const end = blocks + 16 * count, last = keys + 16 * rounds;
  for (let at = blocks; at < end; at += 16) v128.store(at, v128.xor(toPairs(v128.load(at)), v128.load(keys)));
  for (let key = keys + 16; key < last; key += 16) {
    for (let at = blocks; at < end; at += 16) v128.store(at, v128.xor(middleRound(v128.load(at)), v128.load(key)));
  }
  for (let at = blocks; at < end; at += 16) {
    v128.store(at, v128.xor(shiftRows(subBytes(v128.load(at)), 0), v128.load(last)));
  }
}

/** Encrypts `count` blocks in place. Round keys: the first as pairs, the middle ones plus 0x63 as pairs, the last plus
 * 0x63 as bytes. */
export function encryptBlocks(keys: usize, rounds: u32, blocks: usize, count: u32): void {
  if (count == 1) encryptOne(keys, rounds, blocks);
  else encryptAbreast(keys, rounds, blocks, count);
}
