// Masks instead of branches: all ones (-1) for true, 0 for false. The numbers fit in 31 bits.

/** All ones if `x` is zero. */
export function zeroMask(x: number): number {
  return ((x | -x) >>> 31) - 1;
}
