import { hash } from "node:crypto";
import { ExpiringFingerprints } from "../../shared/expiring-fingerprints.ts";
import { placeOf } from "../../shared/fingerprint-set.ts";

/** How far a request's time may be from the server's, in milliseconds. */
export const CLOCK_TOLERANCE_MS = 15 * 60_000;

export interface Nonce {
  readonly accessKeyId: string;
  readonly replayId: string;
  /** Of the request, in milliseconds since 1970: it is refused for its age from 15 minutes after. */
  readonly timestamp: number;
}

export type NonceVerdict = "new" | "used" | "full";

/** SHA-256 of a nonce and its access key, a character for each byte: as bytes it would cost several times as much. */
export function nonceDigest({ accessKeyId, replayId }: Nonce): string {
  return hash("sha256", `${accessKeyId}\0${replayId}`, "binary");
}

/**
 * The nonces of the requests that could be sent again: those whose time is still within 15 minutes of the server's. Each is kept as the
 * first 64 bits of its digest. Two nonces of one client may collide there, if it looks for that long enough: it gets a request of its own
 * refused. Older ones are forgotten minute by minute. Memory is bounded: at most `limit` nonces, 16 bytes each on average; then requests
 * are refused until the oldest minute has passed.
 */
export class NonceWindow {
  readonly #limit: number;
  readonly #known = new ExpiringFingerprints();

  /** @param limit nonces at most; 4,000,000 nonces are 4,400 requests a second for 15 minutes, and some 64 to 128 MB */
  constructor(limit = 4_000_000) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#known.size;
  }

  /** @param now the server's time, in milliseconds since 1970 */
  claim(nonce: Nonce, now: number, digest = nonceDigest(nonce)): NonceVerdict {
    this.#known.forget(now);
    const [high, low] = [wordAt(digest, 0), wordAt(digest, 4)];
    const place = placeOf(high, low);
    if (this.#known.has(high, low, place)) return "used";
    if (this.#known.size >= this.#limit) return "full";
    this.#known.add(high, low, nonce.timestamp + CLOCK_TOLERANCE_MS, place);
    return "new";
  }
}

function wordAt(digest: string, at: number): number {
  return (
    ((digest.charCodeAt(at) << 24) |
      (digest.charCodeAt(at + 1) << 16) |
      (digest.charCodeAt(at + 2) << 8) |
      digest.charCodeAt(at + 3)) >>>
    0
  );
}
