/** Cycles from a 32-bit multiplication's operands to its result, on x86-64 since 2011 and on today's 64-bit Arm cores. */
const MULTIPLICATION = 3;

function chain(count: number): number {
  let x = 3;
  for (let i = 0; i < count; i++) {
    x = Math.imul(Math.imul(Math.imul(Math.imul(x, x), x), x), x);
    x = Math.imul(Math.imul(Math.imul(Math.imul(x, x), x), x), x);
  }
  return x;
}

/** Cycles a nanosecond at this moment: each multiplication waits for the one before it, so that nothing else can matter. */
export function clock(): number {
  const count = 25_000;
  const start = process.hrtime.bigint();
  if (chain(count) === 0) throw new Error("An odd number to any power is odd");
  return (8 * MULTIPLICATION * count) / Number(process.hrtime.bigint() - start);
}
