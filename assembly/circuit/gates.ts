// The gates of every circuit here. Each gate computes 128 independent bits at once.

@inline
export function xor(a: v128, b: v128): v128 {
  return v128.xor(a, b);
}

@inline
export function and(a: v128, b: v128): v128 {
  return v128.and(a, b);
}

/** a and not b: one instruction on every processor. */
@inline
export function andnot(a: v128, b: v128): v128 {
  return v128.andnot(a, b);
}
