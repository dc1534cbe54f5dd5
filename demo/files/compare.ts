/** Compares a file with bytes that come one chunk after another. */
export class Comparison {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #expected: Uint8Array = new Uint8Array(0);
  #position = 0;
  #difference: number | undefined;

  constructor(expected: ReadableStream<Uint8Array>) {
    this.#reader = expected.getReader();
  }

  async add(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && this.#difference === undefined; ) {
      if (this.#expected.length === 0 && !(await this.#readMore())) return this.#differs(0);
      const length = Math.min(bytes.length - at, this.#expected.length);
      const found = firstDifference(bytes.subarray(at, at + length), this.#expected);
      if (found !== undefined) return this.#differs(found);
      this.#expected = this.#expected.subarray(length);
      this.#position += length;
      at += length;
    }
  }

  /** No more bytes come. @returns where the first difference is; `undefined` if every byte is the same and none is missing */
  async end(): Promise<number | undefined> {
    if (this.#difference === undefined && (this.#expected.length > 0 || (await this.#readMore()))) this.#differs(0);
    await this.#reader.cancel();
    return this.#difference;
  }

  async #readMore(): Promise<boolean> {
    const { done, value } = await this.#reader.read();
    if (done) return false;
    this.#expected = value;
    return true;
  }

  #differs(after: number): void {
    this.#difference = this.#position + after;
  }
}

/** @param other at least as long */
function firstDifference(bytes: Uint8Array, other: Uint8Array): number | undefined {
  for (let index = 0; index < bytes.length; index++) if (bytes[index] !== other[index]) return index;
  return undefined;
}
