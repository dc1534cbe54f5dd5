import { FingerprintSet, placeOf } from "./fingerprint-set.ts";

const BUCKET_MS = 60_000;

/** Fingerprints of 64 bits that are forgotten minute by minute: 16 bytes each on average, and no work for each one that expires. */
export class ExpiringFingerprints {
  readonly #buckets = new Map<number, FingerprintSet>();
  #size = 0;
  #forgotten = Number.NEGATIVE_INFINITY;

  get size(): number {
    return this.#size;
  }

  has(high: number, low: number, place = placeOf(high, low)): boolean {
    for (const bucket of this.#buckets.values()) if (bucket.has(high, low, place)) return true;
    return false;
  }

  /**
   * Adds a fingerprint that {@link has} does not know.
   *
   * @param until in milliseconds since 1970; it is forgotten within the minute after
   * @param place as {@link placeOf} gives it
   */
  add(high: number, low: number, until: number, place = placeOf(high, low)): void {
    const expiry = Math.floor(until / BUCKET_MS);
    let bucket = this.#buckets.get(expiry);
    if (bucket === undefined) {
      bucket = new FingerprintSet();
      this.#buckets.set(expiry, bucket);
    }
    if (bucket.add(high, low, place)) this.#size++;
  }

  /** Forgets what expired before the minute of `now`. */
  forget(now: number): void {
    const current = Math.floor(now / BUCKET_MS);
    if (current === this.#forgotten) return;
    this.#forgotten = current;
    for (const [expiry, bucket] of this.#buckets) {
      if (expiry >= current) continue;
      this.#size -= bucket.size;
      this.#buckets.delete(expiry);
    }
  }
}
