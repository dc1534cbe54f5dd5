/** A logarithmic axis from `low` to `high`, both above 0, over a length in pixels. */
export class LogScale {
  readonly #low: number;
  readonly #span: number;
  readonly #from: number;
  readonly #length: number;

  /** @param to may lie before `from`, as it does on an axis that points up */
  constructor([low, high]: readonly [number, number], [from, to]: readonly [number, number]) {
    this.#low = Math.log(low);
    this.#span = Math.log(high) - this.#low || 1;
    this.#from = from;
    this.#length = to - from;
  }

  /** The place of a value, to a tenth of a pixel. */
  at(value: number): number {
    const place = this.#from + ((Math.log(value) - this.#low) / this.#span) * this.#length;
    return Math.round(place * 10) / 10;
  }
}

/** The powers of ten around all values: at least one decade. */
export function decades(values: readonly number[]): readonly [number, number] {
  const low = 10 ** Math.floor(Math.log10(Math.min(...values)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...values)));
  return [low, high > low ? high : low * 10];
}
