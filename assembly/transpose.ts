// 8 × 8 bit transposition of eight vectors, byte by byte: afterwards bit j of a byte of vector k is what bit k of that
// byte of vector j was. It is its own inverse: blocks → bit planes and bit planes → blocks.
//
// Three stages of swaps, as in the recursive transposition of a matrix: single bits between neighbouring vectors, then
// pairs, then nibbles (Warren, Hacker's Delight §7-3).

/** The masks of the three stages, in memory because newer versions of V8 make a constant anew for every use. */
const MASKS = memory.data<u8>([
  0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55,
  0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33,
  0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f,
], 16);

/** The bits that one swap moves between `a` and `b`, in their position in `b`. */
@inline
function moved(a: v128, b: v128, shift: i32, mask: v128): v128 {
  return v128.and(v128.xor(i64x2.shr_u(a, shift), b), mask);
}

@inline
function received(a: v128, difference: v128, shift: i32): v128 {
  return v128.xor(a, i64x2.shl(difference, shift));
}

/** Passes the transposed vectors to `afterTranspose(to, add, …)` of `Next`, inlined, so that all stay in registers. */
@inline
export function transpose8<Next>(
  to: usize, add: usize,
  a0: v128, a1: v128, a2: v128, a3: v128, a4: v128, a5: v128, a6: v128, a7: v128,
): void {
  const bits = v128.load(MASKS);
  const d01 = moved(a0, a1, 1, bits), d23 = moved(a2, a3, 1, bits), d45 = moved(a4, a5, 1, bits), d67 = moved(a6, a7, 1, bits);
  const b0 = received(a0, d01, 1), b2 = received(a2, d23, 1), b4 = received(a4, d45, 1), b6 = received(a6, d67, 1);
  const b1 = v128.xor(a1, d01), b3 = v128.xor(a3, d23), b5 = v128.xor(a5, d45), b7 = v128.xor(a7, d67);

  const pairs = v128.load(MASKS, 16);
  const d02 = moved(b0, b2, 2, pairs), d13 = moved(b1, b3, 2, pairs), d46 = moved(b4, b6, 2, pairs), d57 = moved(b5, b7, 2, pairs);
  const c0 = received(b0, d02, 2), c1 = received(b1, d13, 2), c4 = received(b4, d46, 2), c5 = received(b5, d57, 2);
  const c2 = v128.xor(b2, d02), c3 = v128.xor(b3, d13), c6 = v128.xor(b6, d46), c7 = v128.xor(b7, d57);

  const nibbles = v128.load(MASKS, 32);
  const d04 = moved(c0, c4, 4, nibbles), d15 = moved(c1, c5, 4, nibbles), d26 = moved(c2, c6, 4, nibbles), d37 = moved(c3, c7, 4, nibbles);
  changetype<Next>(0).afterTranspose(
    to, add,
    received(c0, d04, 4), received(c1, d15, 4), received(c2, d26, 4), received(c3, d37, 4),
    v128.xor(c4, d04), v128.xor(c5, d15), v128.xor(c6, d26), v128.xor(c7, d37),
  );
}
