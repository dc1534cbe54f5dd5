// Reduction modulo x^128 + x^7 + x^2 + x + 1 (SP 800-38D §6.3) in GHASH's bit order, where a higher power is a shift right.

/** Every byte moved up by one place; byte 0 becomes the last byte of `before`. */
@inline
export function moveUp(bytes: v128, before: v128): v128 {
  return v128.shuffle<u8>(before, bytes, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
}

/** Every byte shifted right by itself; `kept` masks the bits that came from its neighbour. */
@inline
function right(bytes: v128, bits: i32, kept: i8): v128 {
  return v128.and(i16x8.shr_u(bytes, bits), i8x16.splat(kept));
}

@inline
function left(bytes: v128, bits: i32, kept: i8): v128 {
  return v128.and(i16x8.shl(bytes, bits), i8x16.splat(kept));
}

/**
 * A product of 31 bytes, `low` the first 16 and `high` the other 15 and a zero, modulo the polynomial: x^128 counts as
 * 1 + x + x^2 + x^7. Because that last byte is zero, nothing overflows a second time.
 */
@inline
export function reduce(low: v128, high: v128): v128 {
  const own = v128.xor(v128.xor(high, right(high, 1, 0x7f)), v128.xor(right(high, 2, 0x3f), right(high, 7, 0x01)));
  const next = v128.xor(v128.xor(left(high, 7, <i8>0x80), left(high, 6, <i8>0xc0)), left(high, 1, <i8>0xfe));
  return v128.xor(v128.xor(low, own), moveUp(next, i64x2.splat(0)));
}
