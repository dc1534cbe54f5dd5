import type { Bytes } from "../../shared/byte-input.ts";
import type { BatchResult, SegmentBatch, SegmentCipher } from "./segment-cipher.ts";

export interface Promotion {
  /** What works until the message turns out to be long. */
  readonly first: SegmentCipher;
  /** Bytes of runs that `first` is given. */
  readonly after: number;
  /** What works from then on; it copies the keys it needs before it settles. */
  promote(): Promise<SegmentCipher>;
  /** Segments of a run that both take. */
  readonly batchSegments: number;
  /** Wipes the keys that `promote` would need. */
  wipe(): void;
}

/**
 * Begins a message of unknown length on this thread, and goes on in another place once it is long enough to be worth it. `first`
 * is one that has finished a run when it returns.
 */
export class PromotingSegmentCipher implements SegmentCipher {
  readonly batchSegments: number;
  readonly #promotion: Promotion;
  #current: SegmentCipher;
  #bytes = 0;
  #promoted = false;
  #disposed = false;

  constructor(promotion: Promotion) {
    this.#promotion = promotion;
    this.batchSegments = promotion.batchSegments;
    this.#current = promotion.first;
  }

  get parallelBatches(): number {
    return this.#current.parallelBatches;
  }

  reserve(): Promise<void> | undefined {
    if (this.#promoted || this.#bytes < this.#promotion.after) return this.#current.reserve();
    return this.#promote();
  }

  seal(batch: SegmentBatch, into?: Bytes): BatchResult {
    this.#bytes += batch.bytes.length;
    return this.#current.seal(batch, into);
  }

  open(batch: SegmentBatch, into?: Bytes): BatchResult {
    this.#bytes += batch.bytes.length;
    return this.#current.open(batch, into);
  }

  dispose(): void {
    this.#disposed = true;
    this.#promotion.wipe();
    this.#current.dispose();
  }

  async #promote(): Promise<void> {
    this.#promoted = true;
    const next = await this.#promotion.promote();
    this.#promotion.wipe();
    this.#current.dispose();
    this.#current = next;
    if (this.#disposed) next.dispose();
    const wait = next.reserve();
    if (wait) await wait;
  }
}
