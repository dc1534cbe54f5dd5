// Words of 32 bits plus a constant, modulo 2^32, where the word is not known: an operation of its own, known only to add up.
import type { Bit } from "./algebra.ts";

export class Increments {
  readonly #canonical: (bit: Bit) => number;
  readonly #fresh: (name: string) => Bit;
  readonly #known = new Map<string, readonly Bit[]>();
  /** By its bits, what a word is the sum of. */
  readonly #sums = new Map<string, { readonly of: readonly Bit[]; readonly by: number }>();

  constructor(canonical: (bit: Bit) => number, fresh: (name: string) => Bit) {
    this.#canonical = canonical;
    this.#fresh = fresh;
  }

  #key(word: readonly Bit[]): string {
    return word.map(this.#canonical).join();
  }

  of(word: readonly Bit[], by: number): readonly Bit[] {
    if (word.every((bit) => bit === 0 || bit === 1)) {
      const sum = word.reduce<number>((all, bit, i) => all | (bit << i), 0) + by;
      return word.map((_, bit) => (sum >> bit) & 1);
    }
    const before = this.#sums.get(this.#key(word));
    const [of, total] = before ? [before.of, (before.by + by) | 0] : [word, by | 0];
    if (total === 0) return of;
    const key = `${this.#key(of)} ${total}`;
    let result = this.#known.get(key);
    if (!result) {
      result = of.map((_, bit) => this.#fresh(`increment by ${total} bit ${bit}`));
      this.#known.set(key, result);
      this.#sums.set(this.#key(result), { of, by: total });
    }
    return result;
  }
}
