// SM4 by vector permutation, four blocks to a vector: word w of four blocks in one register, so that a few blocks need no
// group of 32; sm4-chain.ts is for blocks in sequence. nibble-inversion.ts explains inversion by nibbles; SM4's field is
// GF(2)[x]/(x^8+x^7+x^6+x^5+x^4+x^2+1).
//
// All words are held as pairs of nibbles from the first round to the last, past the affine map that opens the S-box: its
// linear part A commutes with every sum of words, and its constant is in the round keys. What L makes of one byte b of the
// S-box's output, its rotations by 2 split over two bytes, are three values: with u = b<<2 and w = b>>6,
//
//     b + u to its own byte,   w + u to each of the two bytes above,   b + w to the third one above
//
// so two pairs of tables give b + u and w + u, and their sum is the third. `tools/derive-nibble-tables.mjs` derives them.
import { highNibbles, lookup, lowNibbles } from "../swizzle";
import { highHalves, highWords, lowHalves, lowWords } from "../words";
import { firstIndex, ofInverse, secondIndex, translate } from "./nibble-inversion";

const TABLES = memory.data<u8>([
  // byte → A·byte as (i, k), from its low and its high nibble
  0x00, 0xdf, 0xd5, 0x0a, 0x32, 0xed, 0xe7, 0x38, 0x2e, 0xf1, 0xfb, 0x24, 0x1c, 0xc3, 0xc9, 0x16,
  0x00, 0xd2, 0x2b, 0xf9, 0x40, 0x92, 0x6b, 0xb9, 0xec, 0x3e, 0xc7, 0x15, 0xac, 0x7e, 0x87, 0x55,
  // α/n, β/n, 1/n and γ·n
  0x80, 0x01, 0x07, 0x0c, 0x0e, 0x09, 0x0d, 0x02, 0x0f, 0x05, 0x0b, 0x0a, 0x03, 0x06, 0x04, 0x08,
  0x80, 0x08, 0x02, 0x0f, 0x09, 0x0b, 0x07, 0x06, 0x01, 0x04, 0x0d, 0x05, 0x0e, 0x0a, 0x0c, 0x03,
  0x80, 0x01, 0x07, 0x0c, 0x0e, 0x09, 0x0d, 0x02, 0x0f, 0x05, 0x0b, 0x0a, 0x03, 0x06, 0x04, 0x08,
  0x00, 0x08, 0x06, 0x0e, 0x0c, 0x04, 0x0a, 0x02, 0x03, 0x0b, 0x05, 0x0d, 0x0f, 0x07, 0x09, 0x01,
  // b = S(v) + 0xd3 as a byte, from io and from jo
  0x00, 0xfd, 0x7e, 0x9c, 0x88, 0xf6, 0x61, 0x14, 0x75, 0x6a, 0xe2, 0x1f, 0xe9, 0x83, 0x97, 0x0b,
  0x00, 0x36, 0x05, 0x13, 0x76, 0x73, 0x25, 0x65, 0x40, 0x60, 0x16, 0x20, 0x53, 0x33, 0x56, 0x45,
  // b + (b << 2) as A·byte in pairs
  0x00, 0xf1, 0x0b, 0x9b, 0xe9, 0xe2, 0x6a, 0x72, 0x18, 0x79, 0x90, 0x61, 0x83, 0xfa, 0x88, 0x13,
  0x00, 0x4e, 0x0d, 0x84, 0x0e, 0x03, 0xca, 0x8a, 0x40, 0x87, 0x89, 0xc7, 0xc4, 0x43, 0xc9, 0x4d,
  // (b >> 6) + (b << 2) as A·byte in pairs
  0x00, 0x6d, 0xa4, 0x6c, 0xfe, 0x5a, 0x01, 0x92, 0x93, 0x36, 0xc8, 0xa5, 0xff, 0xc9, 0x5b, 0x37,
  0x00, 0x50, 0xe0, 0x5c, 0x8f, 0x6f, 0x0c, 0xd3, 0xdf, 0x33, 0xbc, 0xec, 0x83, 0xb0, 0x63, 0x3f,
  // (i, k) → the byte whose image under A it is
  0x00, 0x85, 0x3a, 0xbf, 0xad, 0x28, 0x97, 0x12, 0x39, 0xbc, 0x03, 0x86, 0x94, 0x11, 0xae, 0x2b,
  0x00, 0x98, 0xa6, 0x3e, 0x40, 0xd8, 0xe6, 0x7e, 0xf2, 0x6a, 0x54, 0xcc, 0xb2, 0x2a, 0x14, 0x8c,
  // every word's bytes moved up by 1, 2 and 3, that is rotated left by 8, 16 and 24
  1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12,
  2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13,
  3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14,
], 16);
const S_BYTE = TABLES + 96, OWN_BYTE = TABLES + 128, BYTES_ABOVE = TABLES + 160, TO_BYTES = TABLES + 192, ROTATIONS = TABLES + 224;

/** The constant of A, added to the S-box's input: A·v + 0xd3 as a pair. */
export const INPUT_CONSTANT: u8 = 0x54;

/** Bytes → pairs of nibbles of A·byte. */
@inline
export function toPairs(bytes: v128): v128 {
  return translate(TABLES, bytes);
}

/** Pairs → bytes. */
@inline
export function fromPairs(pairs: v128): v128 {
  return translate(TO_BYTES, pairs);
}

/** The bytes of a word moved up. `wide`: a word is a whole vector, its bytes the lowest of every 32 bits, as in sm4-chain.ts. */
@inline
function rotate(words: v128, bytes: i32, wide: bool): v128 {
  if (wide) {
    if (bytes == 1) return v128.shuffle<u32>(words, words, 1, 2, 3, 0);
    if (bytes == 2) return v128.shuffle<u32>(words, words, 2, 3, 0, 1);
    return v128.shuffle<u32>(words, words, 3, 0, 1, 2);
  }
  if (ASC_FEATURE_RELAXED_SIMD) return lookup(words, v128.load(ROTATIONS + 16 * (bytes - 1)));
  if (bytes == 1) return i8x16.swizzle(words, i8x16(1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12));
  if (bytes == 2) return i8x16.swizzle(words, i8x16(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
  return i8x16.swizzle(words, i8x16(3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14));
}

/**
 * `word` + L(S(input)) without the constants, pairs → pairs. A single block is one long dependency chain,
 * whose length decides the speed: operands that are ready early are added early, and of two equal sums, this uses the one with
 * fewer operations after the look-ups.
 */
@inline
export function addRoundFunction(word: v128, input: v128, wide: bool): v128 {
  const k = lowNibbles(input), i = wide ? i32x4.shr_u(input, 4) : highNibbles(input);
  const io = firstIndex(TABLES, i, k), jo = secondIndex(TABLES, i, k);
  const above = ofInverse(BYTES_ABOVE, io, jo), own = ofInverse(OWN_BYTE, io, jo);
  return v128.xor(
    v128.xor(v128.xor(own, word), v128.xor(rotate(above, 1, wide), rotate(above, 2, wide))),
    rotate(v128.xor(own, above), 3, wide),
  );
}

/** S(v) + 0xd3 of every byte, from the pairs of A·v + 0xd3. */
@inline
export function subBytes(pairs: v128): v128 {
  const k = lowNibbles(pairs), i = highNibbles(pairs);
  return ofInverse(S_BYTE, firstIndex(TABLES, i, k), secondIndex(TABLES, i, k));
}

/** One round: the word that takes its result. `x3` is the newest, and added last. */
@inline
function step(x0: v128, x1: v128, x2: v128, x3: v128, key: usize, k: usize): v128 {
  return addRoundFunction(x0, v128.xor(v128.xor(v128.xor(x1, x2), v128.load(key + 16 * k)), x3), false);
}

/** Word `w` of the four blocks at `from`, as pairs. */
@inline
function loadWord(from: usize, w: i32): v128 {
  const b0 = v128.load(from, 0), b1 = v128.load(from, 16), b2 = v128.load(from, 32), b3 = v128.load(from, 48);
  const first = w < 2 ? lowWords(b0, b1) : highWords(b0, b1);
  const second = w < 2 ? lowWords(b2, b3) : highWords(b2, b3);
  return toPairs(w % 2 == 0 ? lowHalves(first, second) : highHalves(first, second));
}

/** Four words as pairs → four blocks. */
@inline
function storeBlocks(to: usize, x0: v128, x1: v128, x2: v128, x3: v128): void {
  const w0 = fromPairs(x0), w1 = fromPairs(x1), w2 = fromPairs(x2), w3 = fromPairs(x3);
  const low01 = lowWords(w0, w1), low23 = lowWords(w2, w3), high01 = highWords(w0, w1), high23 = highWords(w2, w3);
  v128.store(to, lowHalves(low01, low23), 0);
  v128.store(to, highHalves(low01, low23), 16);
  v128.store(to, lowHalves(high01, high23), 32);
  v128.store(to, highHalves(high01, high23), 48);
}

/** 32 rounds on four blocks (GB/T 32907-2016 §7.1). */
function encryptFour(keys: usize, blocks: usize): void {
  let x0 = loadWord(blocks, 0), x1 = loadWord(blocks, 1), x2 = loadWord(blocks, 2), x3 = loadWord(blocks, 3);
  for (let key = keys; key < keys + 512; key += 64) {
    x0 = step(x0, x1, x2, x3, key, 0);
    x1 = step(x1, x2, x3, x0, key, 1);
    x2 = step(x2, x3, x0, x1, key, 2);
    x3 = step(x3, x0, x1, x2, key, 3);
  }
  storeBlocks(blocks, x3, x2, x1, x0);
}

/** The same on eight, two chains side by side, since one alone waits for its own look-ups. */
function encryptEight(keys: usize, blocks: usize): void {
  const more = blocks + 64;
  let x0 = loadWord(blocks, 0), x1 = loadWord(blocks, 1), x2 = loadWord(blocks, 2), x3 = loadWord(blocks, 3);
  let y0 = loadWord(more, 0), y1 = loadWord(more, 1), y2 = loadWord(more, 2), y3 = loadWord(more, 3);
  for (let key = keys; key < keys + 512; key += 64) {
    x0 = step(x0, x1, x2, x3, key, 0);
    y0 = step(y0, y1, y2, y3, key, 0);
    x1 = step(x1, x2, x3, x0, key, 1);
    y1 = step(y1, y2, y3, y0, key, 1);
    x2 = step(x2, x3, x0, x1, key, 2);
    y2 = step(y2, y3, y0, y1, key, 2);
    x3 = step(x3, x0, x1, x2, key, 3);
    y3 = step(y3, y0, y1, y2, key, 3);
  }
  storeBlocks(blocks, x3, x2, x1, x0);
  storeBlocks(more, y3, y2, y1, y0);
}

/** Encrypts at least `count` blocks in place, up to the next multiple of four. */
export function encryptBlocks(keys: usize, blocks: usize, count: u32): void {
  let left = <i32>count;
  for (; left > 4; left -= 8, blocks += 128) encryptEight(keys, blocks);
  if (left > 0) encryptFour(keys, blocks);
}
