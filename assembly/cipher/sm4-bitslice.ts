// SM4 on 32 blocks at once, bit-sliced.
//
// A block is four words; plane k of word w is one vector and holds bit k of that word's bytes in all 32 blocks. Lane b
// (32 bits) belongs to byte b of the word, the most significant first, and bit 8·g + j of it to block 4·j + g:
//
//     plane k of word w   | lane 0: byte 0 | lane 1: byte 1 | lane 2: byte 2 | lane 3: byte 3 |
//     bits of a lane      | 31 … 24: blocks 31, 27 … 3 | 23 … 16: 30, 26 … 2 | 15 … 8 | 7 … 0: 28, 24 … 0 |
//
// Rotations by whole bytes move lanes; a rotation by 2 renames planes, except for two that come from the next byte.
// Words 0 to 3 stand at PLANES, 128 bytes each.
import { sm4Sbox } from "../circuit/sm4";
import { lookup } from "../swizzle";
import { transpose8 } from "../transpose";
import { highHalves, highWords, lowHalves, lowWords } from "../words";

const MASKS = memory.data<u8>([0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15], 16);

/** Byte b of word g ⇄ byte g of word b. */
@inline
function transposeMatrix(words: v128): v128 {
  return lookup(words, ASC_FEATURE_RELAXED_SIMD ? v128.load(MASKS) : i8x16(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
}

@unmanaged
@final
class PackedWord {
  @inline
  afterTranspose(to: usize, add: usize, p0: v128, p1: v128, p2: v128, p3: v128, p4: v128, p5: v128, p6: v128, p7: v128): void {
    v128.store(to, p0, 0);
    v128.store(to, p1, 16);
    v128.store(to, p2, 32);
    v128.store(to, p3, 48);
    v128.store(to, p4, 64);
    v128.store(to, p5, 80);
    v128.store(to, p6, 96);
    v128.store(to, p7, 112);
  }
}

/** The eight vectors of each of four words, bits against vectors, in place. */
function transposeWords<L>(planes: usize): void {
  for (let at = planes; at < planes + 512; at += 128) {
    transpose8<PackedWord>(
      at, 0,
      v128.load(at, 0), v128.load(at, 16), v128.load(at, 32), v128.load(at, 48),
      v128.load(at, 64), v128.load(at, 80), v128.load(at, 96), v128.load(at, 112),
    );
  }
}

/** 32 blocks → the planes of four words at `planes`. */
export function pack<L>(blocks: usize, planes: usize): void {
  for (let j: usize = 0; j < 8; ++j) {
    const from = blocks + 64 * j, to = planes + 16 * j;
    const b0 = v128.load(from, 0), b1 = v128.load(from, 16), b2 = v128.load(from, 32), b3 = v128.load(from, 48);
    const low01 = lowWords(b0, b1), low23 = lowWords(b2, b3), high01 = highWords(b0, b1), high23 = highWords(b2, b3);
    v128.store(to, transposeMatrix(lowHalves(low01, low23)), 0);
    v128.store(to, transposeMatrix(highHalves(low01, low23)), 128);
    v128.store(to, transposeMatrix(lowHalves(high01, high23)), 256);
    v128.store(to, transposeMatrix(highHalves(high01, high23)), 384);
  }
  transposeWords<L>(planes);
}

/** The planes of four words → 32 blocks plus those at `add`, to `to`, from the last to the first. The words come in reverse
 * order, as the last step of SM4 asks. */
function unpack<L>(planes: usize, to: usize, add: usize): void {
  transposeWords<L>(planes);
  for (let j = 448; j >= 0; j -= 64) {
    const from = planes + (j >> 2), out = to + j, plus = add + j;
    const w0 = transposeMatrix(v128.load(from, 384)), w1 = transposeMatrix(v128.load(from, 256));
    const w2 = transposeMatrix(v128.load(from, 128)), w3 = transposeMatrix(v128.load(from, 0));
    const low01 = lowWords(w0, w1), low23 = lowWords(w2, w3), high01 = highWords(w0, w1), high23 = highWords(w2, w3);
    v128.store(out, v128.xor(highHalves(high01, high23), v128.load(plus, 48)), 48);
    v128.store(out, v128.xor(lowHalves(high01, high23), v128.load(plus, 32)), 32);
    v128.store(out, v128.xor(highHalves(low01, low23), v128.load(plus, 16)), 16);
    v128.store(out, v128.xor(lowHalves(low01, low23), v128.load(plus, 0)), 0);
  }
}

/** Rotation left by 8: byte b takes what byte b + 1 held. */
@inline
function rotate8(plane: v128): v128 {
  return v128.shuffle<u32>(plane, plane, 1, 2, 3, 0);
}

@inline
function rotate16(plane: v128): v128 {
  return v128.shuffle<u32>(plane, plane, 2, 3, 0, 1);
}

@inline
function rotate24(plane: v128): v128 {
  return v128.shuffle<u32>(plane, plane, 3, 0, 1, 2);
}

/** B + B<<<8 + B<<<16, from E = B + B<<<8. */
@inline
function threeSum(b: v128, e: v128): v128 {
  return v128.xor(e, rotate16(b));
}

/** Adds plane k of L(B) = D + C<<<2 to the word, with D = E<<<24 and C as above. */
@inline
function addPlane(to: usize, e: v128, c: v128): void {
  v128.store(to, v128.xor(v128.load(to), v128.xor(rotate24(e), c)));
}

/** Stores the S-box's output to the planes at `to`. */
@unmanaged
@final
class StoredPlanes {
  @inline
  afterSbox(key: usize, to: usize, add: usize, b0: v128, b1: v128, b2: v128, b3: v128, b4: v128, b5: v128, b6: v128, b7: v128): void {
    v128.store(to, b0, 0);
    v128.store(to, b1, 16);
    v128.store(to, b2, 32);
    v128.store(to, b3, 48);
    v128.store(to, b4, 64);
    v128.store(to, b5, 80);
    v128.store(to, b6, 96);
    v128.store(to, b7, 112);
  }
}

/** L of the planes at `from`, added to the word at `to`, which the round replaces. */
@inline
function linearLayer(from: usize, to: usize): void {
  const b0 = v128.load(from, 0), b1 = v128.load(from, 16), b2 = v128.load(from, 32), b3 = v128.load(from, 48);
  const b4 = v128.load(from, 64), b5 = v128.load(from, 80), b6 = v128.load(from, 96), b7 = v128.load(from, 112);
  const e6 = v128.xor(b6, rotate8(b6)), c6 = threeSum(b6, e6);
  const e0 = v128.xor(b0, rotate8(b0)), c0 = threeSum(b0, e0);
  addPlane(to, e0, rotate8(c6));
  const e7 = v128.xor(b7, rotate8(b7)), c7 = threeSum(b7, e7);
  const e1 = v128.xor(b1, rotate8(b1)), c1 = threeSum(b1, e1);
  addPlane(to + 16, e1, rotate8(c7));
  const e2 = v128.xor(b2, rotate8(b2)), c2 = threeSum(b2, e2);
  addPlane(to + 32, e2, c0);
  const e3 = v128.xor(b3, rotate8(b3)), c3 = threeSum(b3, e3);
  addPlane(to + 48, e3, c1);
  const e4 = v128.xor(b4, rotate8(b4)), c4 = threeSum(b4, e4);
  addPlane(to + 64, e4, c2);
  const e5 = v128.xor(b5, rotate8(b5)), c5 = threeSum(b5, e5);
  addPlane(to + 80, e5, c3);
  addPlane(to + 96, e6, c4);
  addPlane(to + 112, e7, c5);
}

/** Plane k of the S-box's input. */
@inline
function inputPlane(x1: usize, x2: usize, x3: usize, key: usize, k: usize): v128 {
  return v128.xor(
    v128.xor(v128.load(x1 + 16 * k), v128.load(x2 + 16 * k)),
    v128.xor(v128.load(x3 + 16 * k), v128.load(key + 16 * k)),
  );
}

/**
 * 32 rounds (GB/T 32907-2016 §7.1), the round keys `step` bytes apart from `key` on, on the `groups` of 32 blocks whose planes
 * stand at PLANES, and back to blocks. Each layer processes one group after the other: they do not wait for each other, so the
 * processor overlaps them, which it could not do with the gates of one.
 */
export function rounds<L>(key: usize, step: isize, groups: u32, to: usize, add: usize): void {
  const end: usize = 512 * groups;
  const planes = changetype<L>(0).planes(), stage = changetype<L>(0).stage();
  let x0 = planes, x1 = planes + 128, x2 = planes + 256, x3 = planes + 384;
  for (let round = 0; round < 32; ++round, key += step) {
    for (let group: usize = 0; group < end; group += 512) sboxLayer(key, x1 + group, x2 + group, x3 + group, stage + (group >> 2));
    for (let group: usize = 0; group < end; group += 512) linearLayer(stage + (group >> 2), x0 + group);
    const replaced = x0;
    x0 = x1;
    x1 = x2;
    x2 = x3;
    x3 = replaced;
  }
  for (let group = <isize>(512 * groups) - 512; group >= 0; group -= 512) unpack<L>(planes + group, to + group, add + group);
  changetype<L>(0).wipeStage();
}

/**
 * Passes `plane` through memory in the plain build. The hosts that run it, above all V8 before relaxed SIMD, move loads as far ahead
 * of their uses as they can: the 32 loads of a layer all come first, and most of them are spilled to memory again. A store is
 * the only operation that they do not move loads past.
 */
@inline
function staged(at: usize, k: usize, plane: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return plane;
  v128.store(at + 16 * k, plane);
  return plane;
}

@inline
function taken(at: usize, k: usize, plane: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? plane : v128.load(at + 16 * k);
}

/** The sum of three words and the round key through the S-box, to the planes at `to`. */
@inline
function sboxLayer(key: usize, x1: usize, x2: usize, x3: usize, to: usize): void {
  const i0 = staged(to, 0, inputPlane(x1, x2, x3, key, 0)), i1 = staged(to, 1, inputPlane(x1, x2, x3, key, 1));
  const i2 = staged(to, 2, inputPlane(x1, x2, x3, key, 2)), i3 = staged(to, 3, inputPlane(x1, x2, x3, key, 3));
  const i4 = staged(to, 4, inputPlane(x1, x2, x3, key, 4)), i5 = staged(to, 5, inputPlane(x1, x2, x3, key, 5));
  const i6 = staged(to, 6, inputPlane(x1, x2, x3, key, 6)), i7 = staged(to, 7, inputPlane(x1, x2, x3, key, 7));
  sm4Sbox<StoredPlanes>(
    key, to, 0,
    taken(to, 0, i0), taken(to, 1, i1), taken(to, 2, i2), taken(to, 3, i3),
    taken(to, 4, i4), taken(to, 5, i5), taken(to, 6, i6), taken(to, 7, i7),
  );
}
