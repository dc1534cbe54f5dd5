import type { Bytes } from "../../shared/byte-input.ts";
import type { SegmentBatch, SegmentCipher, Worked } from "./segment-cipher.ts";

export interface Growth {
  /** What works until the message turns out to be long. */
  readonly first: SegmentCipher;
  /** Bytes of runs that `first` is given. */
  readonly after: number;
  /** What works from then on; it copies the keys it needs before it settles. */
  grow(): Promise<SegmentCipher>;
  /** Segments of a run that both take. */
  readonly runSegments: number;
  /** Wipes the keys that `grow` would need. */
  wipe(): void;
}

/**
 * Begins a message of unknown length on this thread, and goes on in another place once it is long enough to be worth it. `first`
 * is one that has finished a run when it returns.
 */
export class PromotingSegmentCipher implements SegmentCipher {
  readonly runSegments: number;
  readonly #growth: Growth;
  #current: SegmentCipher;
  #bytes = 0;
  #grown = false;
  #disposed = false;

  constructor(growth: Growth) {
    this.#growth = growth;
    this.runSegments = growth.runSegments;
    this.#current = growth.first;
  }

  get parallelRuns(): number {
    return this.#current.parallelRuns;
  }

  room(): Promise<void> | undefined {
    if (this.#grown || this.#bytes < this.#growth.after) return this.#current.room();
    return this.#grow();
  }

  seal(run: SegmentBatch, into?: Bytes): Worked {
    this.#bytes += run.bytes.length;
    return this.#current.seal(run, into);
  }

  open(run: SegmentBatch, into?: Bytes): Worked {
    this.#bytes += run.bytes.length;
    return this.#current.open(run, into);
  }

  dispose(): void {
    this.#disposed = true;
    this.#growth.wipe();
    this.#current.dispose();
  }

  async #grow(): Promise<void> {
    this.#grown = true;
    const next = await this.#growth.grow();
    this.#growth.wipe();
    this.#current.dispose();
    this.#current = next;
    if (this.#disposed) next.dispose();
    const wait = next.room();
    if (wait) await wait;
  }
}
