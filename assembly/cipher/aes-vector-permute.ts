// AES by vector permutation: a vector is one block, and inversion goes by nibbles (nibble-inversion.ts). The state stays in pairs
// of nibbles from the first round to the last but one: the tables of the S-box take in its affine part, MixColumns' doubling
// and the conversion back to pairs. For a few blocks side by side; aes-chain.ts is for blocks in sequence.
import { highNibbles, lookup, lowNibbles } from "../swizzle";
import { firstIndex, ofInverse, secondIndex, translate } from "./nibble-inversion";

const TABLES = memory.data<u8>([
  // byte → (i, k), from its low and its high nibble
  0x00, 0x10, 0x61, 0x71, 0x66, 0x76, 0x07, 0x17, 0x46, 0x56, 0x27, 0x37, 0x20, 0x30, 0x41, 0x51,
  0x00, 0xf4, 0x4f, 0xbb, 0xb4, 0x40, 0xfb, 0x0f, 0x3b, 0xcf, 0x74, 0x80, 0x8f, 0x7b, 0xc0, 0x34,
  // α/n, β/n, 1/n and γ·n
  0x80, 0x0f, 0x04, 0x0a, 0x02, 0x09, 0x0e, 0x0d, 0x08, 0x05, 0x03, 0x0c, 0x0b, 0x07, 0x06, 0x01,
  0x80, 0x03, 0x09, 0x01, 0x07, 0x0d, 0x08, 0x04, 0x06, 0x02, 0x0c, 0x0f, 0x0a, 0x05, 0x0e, 0x0b,
  0x80, 0x01, 0x08, 0x0d, 0x0f, 0x06, 0x05, 0x0e, 0x02, 0x0c, 0x0b, 0x0a, 0x09, 0x03, 0x07, 0x04,
  0x00, 0x0b, 0x07, 0x0c, 0x09, 0x02, 0x0e, 0x05, 0x06, 0x0d, 0x01, 0x0a, 0x0f, 0x04, 0x08, 0x03,
  // S(v) + 0x63 as a byte, from io and from jo
  0x00, 0x1c, 0x46, 0xb0, 0xcb, 0x91, 0xf6, 0xd7, 0x7b, 0xac, 0x21, 0x3d, 0x5a, 0x67, 0x8d, 0xea,
  0x00, 0x27, 0x23, 0xdc, 0xfc, 0xf8, 0xff, 0xdb, 0x20, 0xfb, 0x24, 0x03, 0x04, 0x07, 0xdf, 0xd8,
  // S(v) + 0x63 as (i, k)
  0x00, 0xd4, 0xb3, 0x80, 0xb8, 0xdf, 0x33, 0x6c, 0x38, 0x54, 0x5f, 0x8b, 0x67, 0xec, 0x0b, 0xe7,
  0x00, 0x58, 0x3e, 0x5b, 0x14, 0x72, 0x65, 0x4c, 0x4f, 0x03, 0x29, 0x71, 0x66, 0x17, 0x2a, 0x3d,
  // 2·(S(v) + 0x63) as (i, k): its k is the i of S(v) + 0x63
  0x00, 0xfd, 0x1b, 0x38, 0x0b, 0xed, 0x23, 0xf6, 0x33, 0xc5, 0xd5, 0x28, 0xe6, 0xce, 0x10, 0xde,
  0x00, 0xf5, 0xb3, 0x05, 0xb1, 0xf7, 0xb6, 0x44, 0xb4, 0xf0, 0xf2, 0x07, 0x46, 0x41, 0x02, 0x43,
  // ShiftRows, and then rows 1, 2 and 3 moved to row 0
  0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11,
  5, 10, 15, 0, 9, 14, 3, 4, 13, 2, 7, 8, 1, 6, 11, 12,
  10, 15, 0, 5, 14, 3, 4, 9, 2, 7, 8, 13, 6, 11, 12, 1,
  15, 0, 5, 10, 3, 4, 9, 14, 7, 8, 13, 2, 11, 12, 1, 6,
], 16);
const S_BYTE = TABLES + 96, ROWS = TABLES + 192;
export const S_PAIR = TABLES + 128, S_DOUBLED = TABLES + 160;

/** ShiftRows and a rotation of every column by `row` bytes. */
@inline
export function shiftRows(state: v128, row: i32): v128 {
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

@inline
export function firstOf(i: v128, k: v128): v128 {
  return firstIndex(TABLES, i, k);
}

@inline
export function secondOf(i: v128, k: v128): v128 {
  return secondIndex(TABLES, i, k);
}

/** SubBytes plus 0x63 as bytes, from io and jo. */
@inline
export function toBytes(io: v128, jo: v128): v128 {
  return ofInverse(S_BYTE, io, jo);
}

/** SubBytes plus 0x63, pairs → bytes. */
@inline
export function subBytes(state: v128): v128 {
  const k = lowNibbles(state), i = highNibbles(state);
  return toBytes(firstOf(i, k), secondOf(i, k));
}

/** ShiftRows, MixColumns and AddRoundKey. The key does not have ShiftRows applied yet: it is added to the operand that is ready
 * first, so that nothing waits for it. */
@inline
export function mixColumns(once: v128, twice: v128, key: v128): v128 {
  return v128.xor(
    v128.xor(shiftRows(once, 2), shiftRows(once, 3)),
    v128.xor(shiftRows(v128.xor(twice, key), 0), shiftRows(v128.xor(once, twice), 1)),
  );
}

/** One round but the last on pairs. */
@inline
function middleRound(state: v128, key: v128): v128 {
  const k = lowNibbles(state), i = highNibbles(state);
  const io = firstOf(i, k), jo = secondOf(i, k);
  return mixColumns(ofInverse(S_PAIR, io, jo), ofInverse(S_DOUBLED, io, jo), key);
}

/** Encrypts one block. Round keys as in `encryptBlocks`. */
@inline
export function encryptBlock(keys: usize, rounds: u32, block: v128): v128 {
  let state = v128.xor(toPairs(block), v128.load(keys));
  const last = keys + 16 * rounds;
  for (let key = keys + 16; key < last; key += 16) state = middleRound(state, v128.load(key));
  return v128.xor(shiftRows(subBytes(state), 0), v128.load(last));
}

@inline
function encryptOne(keys: usize, rounds: u32, block: usize): void {
  v128.store(block, encryptBlock(keys, rounds, v128.load(block)));
}

/** Encrypts blocks in place, each round on all of them before the next: while one block waits for its look-ups, the processor
 * continues with the others. */
@inline
function encryptAbreast(keys: usize, rounds: u32, blocks: usize, count: u32): void {
  const end = blocks + 16 * count, last = keys + 16 * rounds;
  for (let at = blocks; at < end; at += 16) v128.store(at, v128.xor(toPairs(v128.load(at)), v128.load(keys)));
  for (let key = keys + 16; key < last; key += 16) {
    for (let at = blocks; at < end; at += 16) v128.store(at, middleRound(v128.load(at), v128.load(key)));
  }
  for (let at = blocks; at < end; at += 16) {
    v128.store(at, v128.xor(shiftRows(subBytes(v128.load(at)), 0), v128.load(last)));
  }
}

/** Encrypts `count` blocks in place. Round keys: the first as pairs, the middle ones plus 0x63 as pairs before ShiftRows, the
 * last plus 0x63 as bytes. */
export function encryptBlocks(keys: usize, rounds: u32, blocks: usize, count: u32): void {
  if (count == 1) encryptOne(keys, rounds, blocks);
  else encryptAbreast(keys, rounds, blocks, count);
}
