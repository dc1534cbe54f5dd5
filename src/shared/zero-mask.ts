// Masks instead of branches, made of bitwise operations alone. V8's interpreter branches on the result of others: a negation may
// give -0, a sum may not fit in a small integer.

/** 0xffff if `x` is zero, else 0, for `x` from 0 to 0xffff. */
export function zeroMask(x: number): number {
  let any = x | (x >> 8);
  any |= any >> 4;
  any |= any >> 2;
  any |= any >> 1;
  let mask = ~any & 1;
  mask |= mask << 1;
  mask |= mask << 2;
  mask |= mask << 4;
  return mask | (mask << 8);
}
