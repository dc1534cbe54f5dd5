// The pieces of a 4 × 4 transposition of 32-bit words: four blocks ⇄ word 0 … 3 of each.

/** Words 0 and 1 of two vectors, in turn. */
@inline
export function lowWords(a: v128, b: v128): v128 {
  return v128.shuffle<u32>(a, b, 0, 4, 1, 5);
}

/** Words 2 and 3 of two vectors, in turn. */
@inline
export function highWords(a: v128, b: v128): v128 {
  return v128.shuffle<u32>(a, b, 2, 6, 3, 7);
}

@inline
export function lowHalves(a: v128, b: v128): v128 {
  return v128.shuffle<u64>(a, b, 0, 2);
}

@inline
export function highHalves(a: v128, b: v128): v128 {
  return v128.shuffle<u64>(a, b, 1, 3);
}
