import type { Bytes } from "../../shared/byte-input.ts";

/**
 * Divides input of any length into parts that are multiples of `unit` bytes, and keeps the remainder until more arrives. It keeps a
 * copy, and wipes it.
 */
export class BlockBuffer {
  readonly #kept: Bytes;
  #length = 0;

  constructor(unit: number) {
    this.#kept = new Uint8Array(unit);
  }

  /** How many bytes the next `push` of `length` bytes would pass on. */
  ready(length: number): number {
    const all = this.#length + length;
    return all - (all % this.#kept.length);
  }

  /** Passes on all whole units, in order, as one array or two. */
  push(chunk: Bytes, pass: (part: Bytes) => void): void {
    const unit = this.#kept.length;
    let taken = 0;
    if (this.#length > 0) {
      taken = Math.min(unit - this.#length, chunk.length);
      this.#kept.set(chunk.subarray(0, taken), this.#length);
      this.#length += taken;
      if (this.#length < unit) return;
      pass(this.#kept);
      this.wipe();
    }
    const whole = chunk.length - taken - ((chunk.length - taken) % unit);
    if (whole > 0) pass(chunk.subarray(taken, taken + whole));
    this.#kept.set(chunk.subarray(taken + whole));
    this.#length = chunk.length - taken - whole;
  }

  /** The remainder. A view: use it before the next call. */
  rest(): Bytes {
    return this.#kept.subarray(0, this.#length);
  }

  wipe(): void {
    this.#kept.fill(0);
    this.#length = 0;
  }
}
