import { createHmac, randomBytes } from "node:crypto";
import { FingerprintSet } from "./fingerprint-set.ts";

/** How far a request's time may be from the server's, in milliseconds. */
export const CLOCK_TOLERANCE_MS = 15 * 60_000;

const BUCKET_MS = 60_000;

export interface Nonce {
  readonly accessKeyId: string;
  readonly replayId: string;
  /** Of the request, in milliseconds since 1970: it is refused for its age from 15 minutes after. */
  readonly timestamp: number;
}

export type NonceVerdict = "new" | "used" | "full";

/**
 * The nonces of the requests that could be sent again: those whose time is still within 15 minutes of the server's. Each is kept as 64
 * bits of an HMAC under a key of this process, so that no client can make two nonces collide. Older ones are forgotten minute by minute.
 * Memory is bounded: at most `limit` nonces, 16 bytes each on average; then requests are refused until the oldest minute has passed.
 */
export class NonceWindow {
  readonly #key = randomBytes(32);
  readonly #limit: number;
  readonly #buckets = new Map<number, FingerprintSet>();
  #size = 0;

  /** @param limit nonces at most; 4,000,000 nonces are 4,400 requests a second for 15 minutes, and some 64 to 128 MB */
  constructor(limit = 4_000_000) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  /** @param now the server's time, in milliseconds since 1970 */
  claim({ accessKeyId, replayId, timestamp }: Nonce, now: number): NonceVerdict {
    this.#forget(now);
    const fingerprint = createHmac("sha256", this.#key)
      .update(`${accessKeyId}\0${replayId}`)
      .digest()
      .readBigUInt64BE();
    for (const bucket of this.#buckets.values()) if (bucket.has(fingerprint)) return "used";
    if (this.#size >= this.#limit) return "full";
    const expiry = Math.floor((timestamp + CLOCK_TOLERANCE_MS) / BUCKET_MS);
    const bucket = this.#buckets.get(expiry) ?? new FingerprintSet();
    this.#buckets.set(expiry, bucket);
    bucket.add(fingerprint);
    this.#size++;
    return "new";
  }

  #forget(now: number): void {
    const current = Math.floor(now / BUCKET_MS);
    for (const [expiry, bucket] of this.#buckets) {
      if (expiry >= current) continue;
      this.#size -= bucket.size;
      this.#buckets.delete(expiry);
    }
  }
}
