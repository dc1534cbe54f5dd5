// Tables for multiplying by a power of H in GF(2^128) (SP 800-38D §6.3) with look-ups in single vectors.
//
// GHASH's bit order: the top bit of byte 0 is the coefficient of x^0, so byte m holds x^(8m) … x^(8m+7), and the high nibble
// the lower four of them. The product of a nibble n in place 0 with H, reduced, is 16 bytes; byte m of it, for all 16
// values of n, makes one table of one vector:
//
//     offset 32·m        byte m of n·H          for n a high nibble
//     offset 32·m + 16   byte m of n·x^4·H      for n a low nibble
//
// Every byte of a block uses the same 32 tables: the product of byte i is the table's entry, moved up by i bytes. So one look-up
// handles all 16 bytes of a block, 32 look-ups multiply it, and no address depends on data.
import { halves, reverseHalves } from "../big-endian";
import { SETUP, SETUP_SIZE, wipeBlocks } from "../memory";

/** The bytes whose index has bit 3, 2, 1 or 0 set: where x^0 … x^3 of a nibble count. */
const NIBBLES_WITH = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255,
  0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 255, 255, 255, 255,
  0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 255, 255,
  0, 255, 0, 255, 0, 255, 0, 255, 0, 255, 0, 255, 0, 255, 0, 255,
], 16);

/** H·x^0 … H·x^7 to SETUP: one bit towards higher powers is a shift right, x^128 is 1 + x + x^2 + x^7. */
function multiplesOfX(h: usize): void {
  const turned = reverseHalves(v128.load(h));
  let upper: u64 = i64x2.extract_lane(turned, 0), lower: u64 = i64x2.extract_lane(turned, 1);
  for (let at = SETUP; at < SETUP + 128; at += 16) {
    v128.store(at, reverseHalves(halves(upper, lower)));
    const carry: u64 = 0 - (lower & 1);
    lower = lower >> 1 | upper << 63;
    upper = upper >> 1 ^ carry & 0xe100000000000000;
  }
}

/** One table: for each nibble, the sum of the bytes at `column`, 16 apart, of the powers its bits name. */
@inline
function sumOverNibbles(column: usize): v128 {
  return v128.xor(
    v128.xor(
      v128.and(v128.load8_splat(column, 0), v128.load(NIBBLES_WITH, 0)),
      v128.and(v128.load8_splat(column, 16), v128.load(NIBBLES_WITH, 16)),
    ),
    v128.xor(
      v128.and(v128.load8_splat(column, 32), v128.load(NIBBLES_WITH, 32)),
      v128.and(v128.load8_splat(column, 48), v128.load(NIBBLES_WITH, 48)),
    ),
  );
}

/** The tables of the 16 bytes at `h`, to `tables`. */
export function makeTables(tables: usize, h: usize): void {
  multiplesOfX(h);
  for (let m: usize = 0; m < 16; ++m) {
    v128.store(tables + 32 * m, sumOverNibbles(SETUP + m), 0);
    v128.store(tables + 32 * m, sumOverNibbles(SETUP + 64 + m), 16);
  }
  wipeBlocks(SETUP, 128);
}
