import { performance } from "../../shared/timers.ts";
import { MAX_INVOCATIONS } from "../policy/limits.ts";
import { KmsError } from "../ports/errors.ts";
import type { CipherMode } from "../ports/index.ts";
import type { TrustedStore } from "../rows/trusted-store.ts";

const FIRST_BLOCK = 64;
const LARGEST_BLOCK = 2 ** 20;
/** Above this count a key that can rotate rotates. */
const NEARLY = MAX_INVOCATIONS - MAX_INVOCATIONS / 16;
const RETRY_MILLISECONDS = 1_000;

export interface InvocationCounterOptions {
  readonly store: Pick<TrustedStore, "reserve">;
  readonly versionId: string;
  readonly mode: CipherMode;
  /** Called once, when few invocations are left. */
  readonly onNearLimit: () => void;
}

/**
 * Counts the GCM encryptions of one key object, whose random IVs allow 2^32 of them (SP 800-38D §8.3).
 *
 * Counts are reserved in the store before use, in blocks: 64 at first, doubling up to 2^20 while this process keeps consuming. The
 * next block is fetched when half of the last is gone. A crash loses its unused counts; none is ever used twice.
 */
export class InvocationCounter {
  readonly #options: InvocationCounterOptions;
  #left = 0;
  #held = 0;
  #nextBlock = FIRST_BLOCK;
  #fetching: Promise<void> | undefined;
  #retryAt = 0;
  #nearLimit = false;

  constructor(options: InvocationCounterOptions) {
    this.#options = options;
  }

  /** Takes one invocation, if one is reserved. */
  take(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    if (this.#left * 2 <= this.#held && this.#fetching === undefined) this.#fetchAhead();
    return true;
  }

  /** Takes one; reserves more if necessary. `Rejected.LimitExceeded` when the key has none left. */
  async takeReserved(): Promise<void> {
    while (!this.take()) await (this.#fetching ?? this.#fetch());
  }

  #fetchAhead(): void {
    if (performance.now() < this.#retryAt) return;
    this.#fetch().catch(() => {
      // The next call that needs the block fetches again, and reports the failure.
      this.#retryAt = performance.now() + RETRY_MILLISECONDS;
    });
  }

  #fetch(): Promise<void> {
    this.#fetching ??= this.#reserve().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #reserve(): Promise<void> {
    const { store, versionId, mode } = this.#options;
    for (let amount = this.#nextBlock; amount >= 1; amount = Math.floor(amount / 2)) {
      const total = await store.reserve({ versionId, mode, amount, limit: MAX_INVOCATIONS });
      if (total === undefined) continue;
      this.#left += amount;
      this.#held = this.#left;
      this.#nextBlock = Math.min(amount * 2, LARGEST_BLOCK);
      if (total > NEARLY) this.#warn();
      return;
    }
    throw new KmsError(
      "Rejected.LimitExceeded",
      `The key version ${versionId} has made the 2^32 encryptions its IVs allow. Rotate the key.`,
    );
  }

  #warn(): void {
    if (this.#nearLimit) return;
    this.#nearLimit = true;
    this.#options.onNearLimit();
  }

  /** Gives back unused invocations, after any fetch in progress. */
  async release(): Promise<void> {
    await this.#fetching?.catch(() => undefined);
    const { store, versionId, mode } = this.#options;
    const amount = -this.#left;
    this.#left = 0;
    if (amount < 0) await store.reserve({ versionId, mode, amount, limit: MAX_INVOCATIONS });
  }
}
