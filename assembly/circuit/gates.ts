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

/** Puts a value into memory at `at`, where `kept` takes it from place `i`. More values of a circuit are alive at a time than a processor
 * has registers. This chooses which of them leave, and when: compilers move gates, but no load past a store. */
@inline
export function keep(at: usize, i: usize, value: v128): void {
  v128.store(at + 16 * i, value);
}

@inline
export function kept(at: usize, i: usize): v128 {
  return v128.load(at + 16 * i);
}
