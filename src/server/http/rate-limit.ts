export interface RateLimit {
  /** Requests a second that each access key may make. */
  readonly perSecond: number;
  /** Requests that an access key may make at once after a pause. */
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  /** Milliseconds of the monotonic clock. */
  filledAt: number;
}

/** A token bucket for each access key. Only existing access keys get one, so that unauthenticated clients use no memory. */
export class RateLimiter {
  readonly #limit: RateLimit | undefined;
  readonly #buckets = new Map<string, Bucket>();

  /** @param limit `undefined` for none */
  constructor(limit: RateLimit | undefined) {
    this.#limit = limit;
  }

  /** @param now milliseconds of the monotonic clock */
  admits(accessKeyId: string, now: number): boolean {
    if (this.#limit === undefined) return true;
    const { perSecond, burst } = this.#limit;
    const bucket = this.#buckets.get(accessKeyId) ?? { tokens: burst, filledAt: now };
    this.#buckets.set(accessKeyId, bucket);
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.filledAt) / 1_000) * perSecond);
    bucket.filledAt = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  /** Takes a request back that should not have been counted. */
  returnOne(accessKeyId: string): void {
    const bucket = this.#buckets.get(accessKeyId);
    if (bucket !== undefined && this.#limit !== undefined)
      bucket.tokens = Math.min(this.#limit.burst, bucket.tokens + 1);
  }
}
