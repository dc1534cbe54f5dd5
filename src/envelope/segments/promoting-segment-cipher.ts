import type { Bytes } from "../../shared/byte-input.ts";
import type { BatchResult, SegmentBatch, SegmentCipher } from "./segment-cipher.ts";

export interface Promotion {
  /** The cipher until the message turns out to be long. */
  readonly first: SegmentCipher;
  /** Bytes that `first` is given before the promotion. */
  readonly after: number;
  /** Makes the cipher for the rest. It has copied its keys when the promise resolves. */
  promote(): Promise<SegmentCipher>;
  /** Segments of a batch for both. */
  readonly batchSegments: number;
  /** Wipes the keys that `promote` would need. */
  wipe(): void;
}

/** Begins a message of unknown length on this thread, and continues on worker threads once it is long enough to benefit. */
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
