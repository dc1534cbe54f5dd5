import type { SegmentBatch } from "../segments/segment-cipher.ts";

const FIRST_CAPACITY = 2 ** 16;

/**
 * Splits a stream of chunks of any length into runs of whole segments of `unit` bytes. It always holds back at least one byte,
 * because only the end of the stream shows which segment is the last. Where a chunk holds whole segments, the runs are views of
 * the chunk, so that nothing is copied.
 */
export class SegmentSplitter {
  readonly #unit: number;
  readonly #batchBytes: number;
  #held = new Uint8Array(0);
  #length = 0;
  #next = 0;

  constructor(unit: number, batchSegments: number) {
    this.#unit = unit;
    this.#batchBytes = unit * batchSegments;
  }

  /** The runs that `chunk` completes. Each is a view: use it before asking for the next. */
  *batches(chunk: Uint8Array): Generator<SegmentBatch, void> {
    let taken = 0;
    if (this.#length > 0 && this.#length + chunk.length > this.#unit) {
      taken = this.#unit - this.#length;
      this.#hold(chunk.subarray(0, taken));
      this.#length = 0;
      yield this.#batch(this.#held.subarray(0, this.#unit));
    }
    while (chunk.length - taken > this.#unit) {
      const whole = Math.floor((chunk.length - taken - 1) / this.#unit) * this.#unit;
      const end = taken + Math.min(whole, this.#batchBytes);
      const batch = this.#batch(chunk.subarray(taken, end));
      taken = end;
      yield batch;
    }
    this.#hold(chunk.subarray(taken));
  }

  /** The last batch, after the end of the stream. It is empty if the stream was empty. */
  rest(): SegmentBatch {
    return { ...this.#batch(this.#held.subarray(0, this.#length)), final: true };
  }

  /** Wipes what is held back. */
  wipe(): void {
    this.#held.fill(0);
    this.#length = 0;
  }

  #batch(bytes: Uint8Array): SegmentBatch {
    const first = this.#next;
    this.#next += Math.ceil(bytes.length / this.#unit);
    return { bytes, first, final: false };
  }

  #hold(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#held.length) {
      const capacity = Math.min(this.#unit, Math.max(FIRST_CAPACITY, 2 * length));
      const larger = new Uint8Array(capacity);
      larger.set(this.#held.subarray(0, this.#length));
      this.#held.fill(0);
      this.#held = larger;
    }
    this.#held.set(bytes, this.#length);
    this.#length = length;
  }
}
