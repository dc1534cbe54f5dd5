// SHA-256 (FIPS 180-4) block by block, on states that the caller owns and wipes. A library's hash object costs more than the
// blocks that derive a message's keys; a native call costs as much as two blocks, and leaves copies of secrets in strings.

/** FIPS 180-4 §5.3.3. */
const INITIAL = Int32Array.of(
  ...[0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19],
);

/** FIPS 180-4 §4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const CONSTANTS = cubeRootsOfPrimes(64);

export const BLOCK_LENGTH = 64;
export const DIGEST_LENGTH = 32;

/** The message schedule, then the state: wiped by {@link wipeSchedule}. */
const schedule = new Int32Array(64);

function cubeRootsOfPrimes(count: number): Int32Array {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime > 0)) primes.push(n);
  return Int32Array.from(primes, (prime) => {
    let [low, high] = [0n, BigInt(prime) << 32n];
    // The cube root of the prime × 2^96, by bisection: exact, unlike a floating-point one.
    while (high - low > 1n) {
      const middle = (low + high) >> 1n;
      if (middle ** 3n <= BigInt(prime) << 96n) low = middle;
      else high = middle;
    }
    return Number(BigInt.asIntN(32, low));
  });
}

/** Puts a state at the beginning of a hash. */
export function begin(state: Int32Array): void {
  state.set(INITIAL);
}

function expand(bytes: DataView, at: number): void {
  const w = schedule;
  for (let i = 0; i < 16; i++) w[i] = bytes.getInt32(at + 4 * i);
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15] as number;
    const y = w[i - 2] as number;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = ((w[i - 16] as number) + s0 + (w[i - 7] as number) + s1) | 0;
  }
}

/** Hashes one block of 64 bytes into the state. */
export function compress(state: Int32Array, bytes: DataView, at: number): void {
  expand(bytes, at);
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  let e = state[4] as number;
  let f = state[5] as number;
  let g = state[6] as number;
  let h = state[7] as number;
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + (g ^ (e & (f ^ g))) + (CONSTANTS[i] as number) + (schedule[i] as number)) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) | (c & (a | b)))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
  state[4] = (state[4] as number) + e;
  state[5] = (state[5] as number) + f;
  state[6] = (state[6] as number) + g;
  state[7] = (state[7] as number) + h;
}

/** Wipes the schedule, which reveals the whole last block. */
export function wipeSchedule(): void {
  schedule.fill(0);
}
