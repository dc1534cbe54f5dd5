import { nextTurn } from "../../shared/pause.ts";
import { CLOCK_TOLERANCE_MS, type Nonce, type NonceVerdict, type NonceWindow, nonceDigest } from "./nonce-window.ts";
import type { NonceRegister } from "./verify-claim.ts";

export interface SharedEntry {
  readonly id: Uint8Array;
  readonly until: number;
}

/** Remembers ids for all processes of a store, and answers which were new. */
export type Remember = (entries: readonly SharedEntry[]) => Promise<readonly boolean[]>;

interface Waiting {
  readonly entry: SharedEntry;
  readonly resolve: (verdict: NonceVerdict) => void;
  readonly reject: (reason: unknown) => void;
}

const ID_LENGTH = 16;
const MAX_BATCH = 1_000;

/**
 * Nonces that no process of a store accepts twice. A nonce is checked in this process first. Nonces that arrive while the store writes
 * a batch form the next batch, so that the load of the store does not grow with the number of requests.
 */
export class SharedNonces implements NonceRegister {
  readonly #window: NonceWindow;
  readonly #remember: Remember;
  #waiting: Waiting[] = [];
  #busy = false;

  constructor(window: NonceWindow, remember: Remember) {
    this.#window = window;
    this.#remember = remember;
  }

  claim(nonce: Nonce, now: number): NonceVerdict | Promise<NonceVerdict> {
    const digest = nonceDigest(nonce);
    const verdict = this.#window.claim(nonce, now, digest);
    return verdict === "new" ? this.#share(digest, nonce.timestamp) : verdict;
  }

  #share(digest: string, timestamp: number): Promise<NonceVerdict> {
    const id = Buffer.from(digest.slice(0, ID_LENGTH), "latin1");
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry: { id, until: timestamp + CLOCK_TOLERANCE_MS }, resolve, reject });
      if (!this.#busy) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#busy = true;
    while (this.#waiting.length > 0) {
      // A store in this process is done before the next socket is read: without a turn of the event loop every batch would be of one.
      await nextTurn();
      const batch = this.#waiting.splice(0, MAX_BATCH);
      try {
        const isNew = await this.#remember(batch.map(({ entry }) => entry));
        batch.forEach(({ resolve }, index) => {
          resolve(isNew[index] === true ? "new" : "used");
        });
      } catch (reason) {
        for (const { reject } of batch) reject(reason);
      }
    }
    this.#busy = false;
  }
}
