// AES on eight blocks at once, bit-sliced: for messages that are too short for aes-rows.ts.
//
// Plane k is one vector and holds bit k of all 128 state bytes. Byte 4·row + column of a plane belongs to that state
// byte, and bit j of it to block j:
//
//               column 0          column 1          column 2          column 3
//     row 0   byte  0: blocks   byte  1           byte  2           byte  3
//     row 1   byte  4  7…0      byte  5           byte  6           byte  7
//     row 2   byte  8           byte  9           byte 10           byte 11
//     row 3   byte 12           byte 13           byte 14           byte 15
//
// A row is a 32-bit lane, so that MixColumns moves lanes and only ShiftRows moves single bytes. FIPS 197 numbers state
// bytes 4·column + row: packing transposes that 4 × 4 matrix of every block, then bits against blocks.
import { Single } from "../lanes";
import { PLANES, ZEROS } from "../memory";
import { lookup } from "../swizzle";
import { transpose8 } from "../transpose";
import { invertSubstitution, substitute } from "./aes-substitute";

/** Byte permutations, kept in memory for the relaxed build: an operand of PSHUFB costs nothing more. */
const MASKS = memory.data<u8>([
  0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15, // matrix transposition
  0, 1, 2, 3, 5, 6, 7, 4, 10, 11, 8, 9, 15, 12, 13, 14, // ShiftRows
  0, 1, 2, 3, 7, 4, 5, 6, 10, 11, 8, 9, 13, 14, 15, 12, // InvShiftRows
], 16);

@inline
function transposeMatrix(block: v128): v128 {
  return lookup(block, ASC_FEATURE_RELAXED_SIMD ? v128.load(MASKS) : i8x16(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
}

@inline
function shiftRows(plane: v128): v128 {
  return lookup(plane, ASC_FEATURE_RELAXED_SIMD ? v128.load(MASKS, 16) : i8x16(0, 1, 2, 3, 5, 6, 7, 4, 10, 11, 8, 9, 15, 12, 13, 14));
}

@inline
function inverseShiftRows(plane: v128): v128 {
  return lookup(plane, ASC_FEATURE_RELAXED_SIMD ? v128.load(MASKS, 32) : i8x16(0, 1, 2, 3, 7, 4, 5, 6, 10, 11, 8, 9, 13, 14, 15, 12));
}

/** Row r of the result is row r + 1 of the plane. */
@inline
function nextRow(a: v128): v128 {
  return v128.shuffle<u32>(a, a, 1, 2, 3, 0);
}

/** Row r of the result is row r + 2 of the plane. */
@inline
function secondRow(a: v128): v128 {
  return v128.shuffle<u32>(a, a, 2, 3, 0, 1);
}

@inline
function keyed(plane: v128, key: usize, k: usize): v128 {
  return v128.xor(plane, v128.load(key + 16 * k));
}

@unmanaged
@final
class PackedPlanes {
  /** Planes with the round key at `add`, to `to`. */
  @inline
  afterTranspose(to: usize, add: usize, p0: v128, p1: v128, p2: v128, p3: v128, p4: v128, p5: v128, p6: v128, p7: v128): void {
    store8(
      to,
      keyed(p0, add, 0), keyed(p1, add, 1), keyed(p2, add, 2), keyed(p3, add, 3),
      keyed(p4, add, 4), keyed(p5, add, 5), keyed(p6, add, 6), keyed(p7, add, 7),
    );
  }
}

/** Eight blocks → planes at `planes`, with a round key. */
export function pack(blocks: usize, planes: usize, key: usize): void {
  transpose8<PackedPlanes>(
    planes, key,
    transposeMatrix(v128.load(blocks, 0)), transposeMatrix(v128.load(blocks, 16)),
    transposeMatrix(v128.load(blocks, 32)), transposeMatrix(v128.load(blocks, 48)),
    transposeMatrix(v128.load(blocks, 64)), transposeMatrix(v128.load(blocks, 80)),
    transposeMatrix(v128.load(blocks, 96)), transposeMatrix(v128.load(blocks, 112)),
  );
}

@unmanaged
@final
class UnpackedBlocks {
  @inline
  put(to: usize, add: usize, i: usize, block: v128): void {
    v128.store(to + 16 * i, v128.xor(transposeMatrix(block), v128.load(add + 16 * i)));
  }

  /** Blocks plus those at `add`, to `to`, from the last to the first. */
  @inline
  afterTranspose(to: usize, add: usize, b0: v128, b1: v128, b2: v128, b3: v128, b4: v128, b5: v128, b6: v128, b7: v128): void {
    this.put(to, add, 7, b7);
    this.put(to, add, 6, b6);
    this.put(to, add, 5, b5);
    this.put(to, add, 4, b4);
    this.put(to, add, 3, b3);
    this.put(to, add, 2, b2);
    this.put(to, add, 1, b1);
    this.put(to, add, 0, b0);
  }
}

@inline
function store8(at: usize, p0: v128, p1: v128, p2: v128, p3: v128, p4: v128, p5: v128, p6: v128, p7: v128): void {
  v128.store(at, p0, 0);
  v128.store(at, p1, 16);
  v128.store(at, p2, 32);
  v128.store(at, p3, 48);
  v128.store(at, p4, 64);
  v128.store(at, p5, 80);
  v128.store(at, p6, 96);
  v128.store(at, p7, 112);
}

/** MixColumns and AddRoundKey: with t = a + next row of a, a column's byte becomes 2·t + next(a) + second(t). */
@inline
function mixColumnsAndStore(to: usize, key: usize, a0: v128, a1: v128, a2: v128, a3: v128, a4: v128, a5: v128, a6: v128, a7: v128): void {
  const n7 = nextRow(a7), t7 = v128.xor(a7, n7);
  const n0 = nextRow(a0), t0 = v128.xor(a0, n0);
  v128.store(to, keyed(v128.xor(v128.xor(n0, secondRow(t0)), t7), key, 0), 0);
  const n1 = nextRow(a1), t1 = v128.xor(a1, n1);
  v128.store(to, keyed(v128.xor(v128.xor(n1, secondRow(t1)), v128.xor(t0, t7)), key, 1), 16);
  const n2 = nextRow(a2), t2 = v128.xor(a2, n2);
  v128.store(to, keyed(v128.xor(v128.xor(n2, secondRow(t2)), t1), key, 2), 32);
  const n3 = nextRow(a3), t3 = v128.xor(a3, n3);
  v128.store(to, keyed(v128.xor(v128.xor(n3, secondRow(t3)), v128.xor(t2, t7)), key, 3), 48);
  const n4 = nextRow(a4), t4 = v128.xor(a4, n4);
  v128.store(to, keyed(v128.xor(v128.xor(n4, secondRow(t4)), v128.xor(t3, t7)), key, 4), 64);
  const n5 = nextRow(a5), t5 = v128.xor(a5, n5);
  v128.store(to, keyed(v128.xor(v128.xor(n5, secondRow(t5)), t4), key, 5), 80);
  const n6 = nextRow(a6), t6 = v128.xor(a6, n6);
  v128.store(to, keyed(v128.xor(v128.xor(n6, secondRow(t6)), t5), key, 6), 96);
  v128.store(to, keyed(v128.xor(v128.xor(n7, secondRow(t7)), t6), key, 7), 112);
}

/** ShiftRows, MixColumns, AddRoundKey on the planes at `planes`. */
@inline
function linearLayer(planes: usize, key: usize): void {
  mixColumnsAndStore(
    planes, key,
    shiftRows(v128.load(planes, 0)), shiftRows(v128.load(planes, 16)), shiftRows(v128.load(planes, 32)), shiftRows(v128.load(planes, 48)),
    shiftRows(v128.load(planes, 64)), shiftRows(v128.load(planes, 80)), shiftRows(v128.load(planes, 96)), shiftRows(v128.load(planes, 112)),
  );
}

@inline
function lastPlane(planes: usize, key: usize, k: usize): v128 {
  return keyed(shiftRows(v128.load(planes + 16 * k)), key, k);
}

/** ShiftRows, AddRoundKey, and back to blocks. */
@inline
function unpack(planes: usize, key: usize, to: usize, add: usize): void {
  transpose8<UnpackedBlocks>(
    to, add,
    lastPlane(planes, key, 0), lastPlane(planes, key, 1), lastPlane(planes, key, 2), lastPlane(planes, key, 3),
    lastPlane(planes, key, 4), lastPlane(planes, key, 5), lastPlane(planes, key, 6), lastPlane(planes, key, 7),
  );
}

/**
 * `rounds` rounds (FIPS 197 §5.1) with the round keys from `keys` on, the last without MixColumns, on the `groups` of eight
 * blocks whose planes stand at PLANES. Each layer processes one group after the other. Within a group, most gates wait for the one
 * before; the groups don't wait for each other, and half a round of one is short enough for a processor to reach the next
 * while it is still in flight.
 */
export function encryptPlanes(keys: usize, rounds: u32, groups: u32, to: usize, add: usize): void {
  const last = keys + (rounds - 1) * 128, end = PLANES + 128 * groups;
  for (; keys < last; keys += 128) {
    substitute<Single>(end);
    for (let planes = PLANES; planes < end; planes += 128) linearLayer(planes, keys);
  }
  substitute<Single>(end);
  for (let group = <isize>(128 * groups) - 128; group >= 0; group -= 128) unpack(PLANES + group, last, to + group, add + group);
}

/** Plane k through InvShiftRows, with the round key. */
@inline
function inversePlane(planes: usize, key: usize, k: usize): v128 {
  return keyed(inverseShiftRows(v128.load(planes + 16 * k)), key, k);
}

/** InvShiftRows, AddRoundKey, InvMixColumns: with u = a + second row of a, MixColumns of a + 4·u (Daemen and Rijmen, The Design of
 * Rijndael §4.1.3). The key carries the 0x63 that the next round's circuit asks of its input. */
@inline
function inverseLinearLayer(planes: usize, key: usize): void {
  const a0 = inversePlane(planes, key, 0), a1 = inversePlane(planes, key, 1);
  const a2 = inversePlane(planes, key, 2), a3 = inversePlane(planes, key, 3);
  const a4 = inversePlane(planes, key, 4), a5 = inversePlane(planes, key, 5);
  const a6 = inversePlane(planes, key, 6), a7 = inversePlane(planes, key, 7);
  const u6 = v128.xor(a6, secondRow(a6)), u7 = v128.xor(a7, secondRow(a7)), u67 = v128.xor(u6, u7);
  const u0 = v128.xor(a0, secondRow(a0)), u1 = v128.xor(a1, secondRow(a1));
  const u2 = v128.xor(a2, secondRow(a2)), u3 = v128.xor(a3, secondRow(a3));
  const u4 = v128.xor(a4, secondRow(a4)), u5 = v128.xor(a5, secondRow(a5));
  mixColumnsAndStore(
    planes, ZEROS,
    v128.xor(a0, u6), v128.xor(a1, u67), v128.xor(v128.xor(a2, u0), u7), v128.xor(v128.xor(a3, u1), u6),
    v128.xor(v128.xor(a4, u2), u67), v128.xor(v128.xor(a5, u3), u7), v128.xor(a6, u4), v128.xor(a7, u5),
  );
}

/** InvShiftRows, AddRoundKey, and back to blocks. */
@inline
function inverseUnpack(planes: usize, key: usize, to: usize, add: usize): void {
  transpose8<UnpackedBlocks>(
    to, add,
    inversePlane(planes, key, 0), inversePlane(planes, key, 1), inversePlane(planes, key, 2), inversePlane(planes, key, 3),
    inversePlane(planes, key, 4), inversePlane(planes, key, 5), inversePlane(planes, key, 6), inversePlane(planes, key, 7),
  );
}

/** The inverse cipher (FIPS 197 §5.3) on planes that have the last round key already: the round keys of the forward one at
 * `keys`, from the last but one back. InvShiftRows and InvSubBytes change places, as each byte goes through both. Groups as in
 * `encryptPlanes`. */
export function decryptPlanes(keys: usize, rounds: u32, groups: u32, to: usize, add: usize): void {
  const end = PLANES + 128 * groups;
  for (let key = keys + (rounds - 1) * 128; key > keys; key -= 128) {
    invertSubstitution<Single>(end);
    for (let planes = PLANES; planes < end; planes += 128) inverseLinearLayer(planes, key);
  }
  invertSubstitution<Single>(end);
  for (let group = <isize>(128 * groups) - 128; group >= 0; group -= 128) inverseUnpack(PLANES + group, keys, to + group, add + group);
}
