// Masks in place of branches: a mask is all ones (-1) for true and 0 for false. The numbers fit 31 bits.

/** All ones if `x` is zero. */
export function zeroMask(x: number): number {
  return ((x | -x) >>> 31) - 1;
}
