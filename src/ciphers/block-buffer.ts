import type { Bytes } from "../shared/byte-input.ts";

/**
 * Cuts what arrives in pieces of any length into parts of whole multiples of `unit` bytes, with the remainder kept back until
 * there is more. What it keeps is a copy, and wiped.
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

  /** Passes on all that is ready, in order, as one array or two. */
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

  /** What is kept back. A view: use it before the next call. */
  rest(): Bytes {
    return this.#kept.subarray(0, this.#length);
  }

  wipe(): void {
    this.#kept.fill(0);
    this.#length = 0;
  }
}
