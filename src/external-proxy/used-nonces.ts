/** Some 90 MB of memory; a client that sends 4,000 requests a second for four minutes stays below. */
const mostNonces = 2 ** 20;

export interface NonceLimits {
  /** Seconds for which a nonce is remembered: as long as its request could be sent again. */
  readonly lifetime: number;
  /** Nonces remembered at once. */
  readonly most?: number;
}

/** The nonces of one client that were used, for as long as their requests could be sent again. */
export class UsedNonces {
  readonly #lifetime: number;
  readonly #most: number;
  readonly #until = new Map<string, number>();

  constructor({ lifetime, most = mostNonces }: NonceLimits) {
    this.#lifetime = lifetime;
    this.#most = most;
  }

  get size(): number {
    return this.#until.size;
  }

  /**
   * Uses a nonce up. None is forgotten early: where no more can be remembered, the request is refused.
   *
   * @param now seconds
   */
  use(nonce: string, now: number): "new" | "used" | "full" {
    // In order of use, and so of expiry.
    for (const [old, until] of this.#until) {
      if (until >= now) break;
      this.#until.delete(old);
    }
    if (this.#until.has(nonce)) return "used";
    if (this.#until.size >= this.#most) return "full";
    this.#until.set(nonce, now + this.#lifetime);
    return "new";
  }
}
