// 8 × 8 bit transposition of eight vectors, byte by byte: afterwards bit j of a byte of vector k is what bit k of that
// byte of vector j was. It is its own inverse: blocks → bit planes and bit planes → blocks.
//
// Three stages of swaps, as in the recursive transposition of a matrix: single bits between neighbouring vectors, then
// pairs, then nibbles (Warren, Hacker's Delight §7-3).

/** Transposes the eight consecutive vectors at `at` in place. */
export function transpose8(at: usize): void {
  const m1 = i8x16.splat(0x55);
  let a0 = v128.load(at, 0), a1 = v128.load(at, 16), a2 = v128.load(at, 32), a3 = v128.load(at, 48);
  let a4 = v128.load(at, 64), a5 = v128.load(at, 80), a6 = v128.load(at, 96), a7 = v128.load(at, 112);
  let t: v128;
  t = v128.and(v128.xor(i64x2.shr_u(a0, 1), a1), m1); a1 = v128.xor(a1, t); a0 = v128.xor(a0, i64x2.shl(t, 1));
  t = v128.and(v128.xor(i64x2.shr_u(a2, 1), a3), m1); a3 = v128.xor(a3, t); a2 = v128.xor(a2, i64x2.shl(t, 1));
  t = v128.and(v128.xor(i64x2.shr_u(a4, 1), a5), m1); a5 = v128.xor(a5, t); a4 = v128.xor(a4, i64x2.shl(t, 1));
  t = v128.and(v128.xor(i64x2.shr_u(a6, 1), a7), m1); a7 = v128.xor(a7, t); a6 = v128.xor(a6, i64x2.shl(t, 1));
  const m2 = i8x16.splat(0x33);
  t = v128.and(v128.xor(i64x2.shr_u(a0, 2), a2), m2); a2 = v128.xor(a2, t); a0 = v128.xor(a0, i64x2.shl(t, 2));
  t = v128.and(v128.xor(i64x2.shr_u(a1, 2), a3), m2); a3 = v128.xor(a3, t); a1 = v128.xor(a1, i64x2.shl(t, 2));
  t = v128.and(v128.xor(i64x2.shr_u(a4, 2), a6), m2); a6 = v128.xor(a6, t); a4 = v128.xor(a4, i64x2.shl(t, 2));
  t = v128.and(v128.xor(i64x2.shr_u(a5, 2), a7), m2); a7 = v128.xor(a7, t); a5 = v128.xor(a5, i64x2.shl(t, 2));
  const m4 = i8x16.splat(0x0f);
  t = v128.and(v128.xor(i64x2.shr_u(a0, 4), a4), m4); v128.store(at, v128.xor(a4, t), 64); v128.store(at, v128.xor(a0, i64x2.shl(t, 4)), 0);
  t = v128.and(v128.xor(i64x2.shr_u(a1, 4), a5), m4); v128.store(at, v128.xor(a5, t), 80); v128.store(at, v128.xor(a1, i64x2.shl(t, 4)), 16);
  t = v128.and(v128.xor(i64x2.shr_u(a2, 4), a6), m4); v128.store(at, v128.xor(a6, t), 96); v128.store(at, v128.xor(a2, i64x2.shl(t, 4)), 32);
  t = v128.and(v128.xor(i64x2.shr_u(a3, 4), a7), m4); v128.store(at, v128.xor(a7, t), 112); v128.store(at, v128.xor(a3, i64x2.shl(t, 4)), 48);
}
