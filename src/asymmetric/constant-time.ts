// Masks in place of branches: a mask is all ones (-1) for true and 0 for false. The numbers fit 31 bits.

/** All ones if `x` is zero. */
export function zeroMask(x: number): number {
  return ((x | -x) >>> 31) - 1;
}

/** Whether two byte strings of one length are equal. The time depends on the length alone. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i += 1) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}
