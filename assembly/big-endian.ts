// Numbers of 64 bits, big-endian, two to a vector: one shuffle turns both around, where turning one alone takes ten operations.

/** The bytes of each half in reverse order. */
@inline
export function reverseHalves(a: v128): v128 {
  return v128.shuffle<u8>(a, a, 7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8);
}

@inline
export function halves(first: u64, second: u64): v128 {
  return i64x2.replace_lane(i64x2.splat(first), 1, second);
}

/** What GHASH takes last (SP 800-38D §7.1 step 5): two lengths in bits, given in bytes. */
@inline
export function bitLengths(first: u64, second: u64): v128 {
  return reverseHalves(i64x2.shl(halves(first, second), 3));
}
