// AES on 32 blocks at once, bit-sliced by rows: for long messages, as one of these batches costs what four groups of eight blocks
// (aes-bitslice.ts) cost, less an eighth.
//
// A batch is 32 vectors. Plane k of row r stands at 128·r + 16·k and holds bit k of that row's bytes in all 32 blocks. Lane c
// (32 bits) belongs to column c, and bit 8·g + j of it to block 4·j + g:
//
//     plane k of row r    | lane 0: column 0 | lane 1: column 1 | lane 2: column 2 | lane 3: column 3 |
//     bits of a lane      | 31 … 24: blocks 31, 27 … 3 | 23 … 16: 30, 26 … 2 | 15 … 8 | 7 … 0: 28, 24 … 0 |
//
// ShiftRows moves whole lanes, MixColumns moves nothing: it adds vectors of different rows. Packing brings a row's bytes of 32 blocks
// together, then transposes bits against vectors.
import { ROW_KEYS, ROW_KEYS_SIZE, wipeBlocks } from "../memory";
import { lookup } from "../swizzle";
import { transpose8 } from "../transpose";

/** Bytes of the planes of a batch, and of its blocks. */
export const ROW_BATCH: usize = 512;

/** 4 × 4 transpositions of bytes: column c of block g is the byte 4·c + g on one side, 4·g + c on the other. The second to the
 * fourth move the columns down by 1 to 3 as well. */
const MASKS = memory.data<u8>([
  0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15,
  4, 8, 12, 0, 5, 9, 13, 1, 6, 10, 14, 2, 7, 11, 15, 3,
  8, 12, 0, 4, 9, 13, 1, 5, 10, 14, 2, 6, 11, 15, 3, 7,
  12, 0, 4, 8, 13, 1, 5, 9, 14, 2, 6, 10, 15, 3, 7, 11,
], 16);

@inline
function transposeMatrix(block: v128): v128 {
  return lookup(block, ASC_FEATURE_RELAXED_SIMD ? v128.load(MASKS) : i8x16(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
}

/** The first eight bytes of two vectors, in turn. */
@inline
function lowBytes(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

/** The last eight. */
@inline
function highBytes(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/** Lane c of the result is lane c + `by` of the plane. */
@inline
export function rotateLanes(plane: v128, by: i32): v128 {
  if (by == 1) return v128.shuffle<u32>(plane, plane, 1, 2, 3, 0);
  if (by == 2) return v128.shuffle<u32>(plane, plane, 2, 3, 0, 1);
  return by == 3 ? v128.shuffle<u32>(plane, plane, 3, 0, 1, 2) : plane;
}

/** Round keys of eight planes, in which every byte is 0x00 or 0xff, → by rows: each byte four times. */
export function expandPlanes(from: usize, to: usize, count: u32): void {
  for (let i: u32 = 0; i < count; ++i, from += 128, to += ROW_BATCH) {
    for (let k: usize = 0; k < 128; k += 16) {
      const plane = v128.load(from + k), low = lowBytes(plane, plane), high = highBytes(plane, plane);
      v128.store(to + k, lowBytes(low, low), 0);
      v128.store(to + k, highBytes(low, low), 128);
      v128.store(to + k, lowBytes(high, high), 256);
      v128.store(to + k, highBytes(high, high), 384);
    }
  }
}

/** Moves the lanes of row r of the key at `key` by r places, so that it can be added before ShiftRows, or InvShiftRows if `step` is 1
 * and not 3. */
@inline
export function unshiftKey(key: usize, step: i32): void {
  for (let at = key; at < key + 128; at += 16) {
    v128.store(at, rotateLanes(v128.load(at, 128), step), 128);
    v128.store(at, rotateLanes(v128.load(at, 256), 2), 256);
    v128.store(at, rotateLanes(v128.load(at, 384), 4 - step), 384);
  }
}

export function wipeRowKeys(): void {
  wipeBlocks(ROW_KEYS, ROW_KEYS_SIZE);
}

@unmanaged
@final
class PackedRow {
  @inline
  put(to: usize, add: usize, k: usize, plane: v128): void {
    v128.store(to + 16 * k, v128.xor(plane, v128.load(add + 16 * k)));
  }

  /** Planes with the round key at `add`, to `to`. */
  @inline
  afterTranspose(to: usize, add: usize, p0: v128, p1: v128, p2: v128, p3: v128, p4: v128, p5: v128, p6: v128, p7: v128): void {
    this.put(to, add, 0, p0);
    this.put(to, add, 1, p1);
    this.put(to, add, 2, p2);
    this.put(to, add, 3, p3);
    this.put(to, add, 4, p4);
    this.put(to, add, 5, p5);
    this.put(to, add, 6, p6);
    this.put(to, add, 7, p7);
  }
}

/** 32 blocks → planes at `planes`, with a round key. */
export function packRows<L>(blocks: usize, planes: usize, key: usize): void {
  for (let j: usize = 0; j < 8; ++j) {
    const from = blocks + 64 * j, to = planes + 16 * j;
    const b0 = transposeMatrix(v128.load(from, 0)), b1 = transposeMatrix(v128.load(from, 16));
    const b2 = transposeMatrix(v128.load(from, 32)), b3 = transposeMatrix(v128.load(from, 48));
    const low02 = lowBytes(b0, b2), low13 = lowBytes(b1, b3), high02 = highBytes(b0, b2), high13 = highBytes(b1, b3);
    v128.store(to, lowBytes(low02, low13), 0);
    v128.store(to, highBytes(low02, low13), 128);
    v128.store(to, lowBytes(high02, high13), 256);
    v128.store(to, highBytes(high02, high13), 384);
  }
  for (let r: usize = 0; r < ROW_BATCH; r += 128) {
    const at = planes + r;
    transpose8<PackedRow>(
      at, key + r,
      v128.load(at, 0), v128.load(at, 16), v128.load(at, 32), v128.load(at, 48),
      v128.load(at, 64), v128.load(at, 80), v128.load(at, 96), v128.load(at, 112),
    );
  }
}

/** V8 packs no byte permutation, and nothing that ends in one: two batches are stored as they are, and permuted when they are loaded again. */
@unmanaged
@final
class UnpackedRow<L> {
  @inline
  put(to: usize, mask: usize, j: usize, bytes: v128): void {
    v128.store(to + 16 * j, changetype<L>(0).isPaired() ? bytes : lookup(bytes, v128.load(mask)));
  }

  /** Bytes of a row, by the mask at `mask`, to `to`. */
  @inline
  afterTranspose(to: usize, mask: usize, b0: v128, b1: v128, b2: v128, b3: v128, b4: v128, b5: v128, b6: v128, b7: v128): void {
    this.put(to, mask, 0, b0);
    this.put(to, mask, 1, b1);
    this.put(to, mask, 2, b2);
    this.put(to, mask, 3, b3);
    this.put(to, mask, 4, b4);
    this.put(to, mask, 5, b5);
    this.put(to, mask, 6, b6);
    this.put(to, mask, 7, b7);
  }
}

@inline
function keyed(at: usize, key: usize, k: usize): v128 {
  return v128.xor(v128.load(at + 16 * k), v128.load(key + 16 * k));
}

/** The bytes of row r of one of two batches, by its mask. */
@inline
function permuted<L>(bytes: v128, r: u32, step: u32): v128 {
  if (!changetype<L>(0).isPaired()) return bytes;
  if ((r & 1) == 0) return lookup(bytes, v128.load(MASKS + 16 * r));
  return lookup(bytes, r == step ? v128.load(MASKS + 16) : v128.load(MASKS + 48));
}

/** The end of the last round: the key at `key`, which `unshiftKey` has treated, then ShiftRows if `step` is 1 or InvShiftRows if it is 3,
 * and back to 32 blocks plus those at `add`, to `to`, from the last to the first. */
export function unpackRows<L>(planes: usize, key: usize, step: u32, to: usize, add: usize): void {
  for (let r: u32 = 0; r < 4; ++r) {
    const at = planes + 128 * r, rowKey = key + 128 * r;
    transpose8<UnpackedRow<L>>(
      at, MASKS + 16 * (r * step & 3),
      keyed(at, rowKey, 0), keyed(at, rowKey, 1), keyed(at, rowKey, 2), keyed(at, rowKey, 3),
      keyed(at, rowKey, 4), keyed(at, rowKey, 5), keyed(at, rowKey, 6), keyed(at, rowKey, 7),
    );
  }
  for (let j: isize = 7; j >= 0; --j) {
    const from = planes + 16 * j, out = to + 64 * j, plus = add + 64 * j;
    const r0 = permuted<L>(v128.load(from, 0), 0, step), r1 = permuted<L>(v128.load(from, 128), 1, step);
    const r2 = permuted<L>(v128.load(from, 256), 2, step), r3 = permuted<L>(v128.load(from, 384), 3, step);
    const low02 = lowBytes(r0, r2), low13 = lowBytes(r1, r3), high02 = highBytes(r0, r2), high13 = highBytes(r1, r3);
    v128.store(out, v128.xor(highBytes(high02, high13), v128.load(plus, 48)), 48);
    v128.store(out, v128.xor(lowBytes(high02, high13), v128.load(plus, 32)), 32);
    v128.store(out, v128.xor(highBytes(low02, low13), v128.load(plus, 16)), 16);
    v128.store(out, v128.xor(lowBytes(low02, low13), v128.load(plus, 0)), 0);
  }
}
