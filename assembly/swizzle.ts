// Byte permutations and table look-ups within a vector: PSHUFB, by the instruction each build has for it.
//
// Relaxed SIMD maps to the hardware's instruction as it stands. The fixed-width instruction promises zero for every index
// above 15, which costs x86 one more operation unless the compiler sees constant indices.

/** `table[index]` in each byte; an index with its top bit set gives 0, and none lies between 16 and 127. */
@inline
export function lookup(table: v128, index: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? i8x16.relaxed_swizzle(table, index) : i8x16.swizzle(table, index);
}

/** The high nibble of every byte. */
@inline
export function highNibbles(bytes: v128): v128 {
  return v128.and(i16x8.shr_u(bytes, 4), i8x16.splat(0x0f));
}

/** The low nibble of every byte. */
@inline
export function lowNibbles(bytes: v128): v128 {
  return v128.and(bytes, i8x16.splat(0x0f));
}
