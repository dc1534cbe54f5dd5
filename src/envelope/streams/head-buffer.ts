import type { Bytes } from "../../shared/byte-input.ts";
import { FIXED_LENGTH, headerLength, MAX_HEADER_LENGTH } from "../format/header.ts";

/** Collects the header from chunks of any length. Rejects bytes that cannot be a header as early as possible. */
export class HeadBuffer {
  readonly #bytes = new Uint8Array(MAX_HEADER_LENGTH);
  #length = 0;

  /** How many bytes of the chunk belong to the header. */
  take(chunk: Uint8Array): number {
    let taken = 0;
    for (let wanted = this.#wanted(); wanted > 0 && taken < chunk.length; wanted = this.#wanted()) {
      const part = chunk.subarray(taken, taken + wanted);
      this.#bytes.set(part, this.#length);
      this.#length += part.length;
      taken += part.length;
    }
    return taken;
  }

  /** The header, once it is all there. */
  complete(): Bytes | undefined {
    return this.#wanted() === 0 ? this.#bytes.subarray(0, this.#length) : undefined;
  }

  #wanted(): number {
    if (this.#length < FIXED_LENGTH) return FIXED_LENGTH - this.#length;
    return headerLength(this.#bytes.subarray(0, FIXED_LENGTH)) - this.#length;
  }
}
