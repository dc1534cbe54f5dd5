// From two numbers to a number, none below 0: a table of open addresses. There are many millions of entries, which a Map would keep
// as objects.

const NONE = -1;

const place = (a: number, b: number, mask: number): number => {
  const h = Math.imul(a ^ Math.imul(b, 0x85ebca6b), 0x9e3779b1);
  return (h ^ (h >>> 15)) & mask;
};

export class Pairs {
  /** Three numbers for each place: the pair, and its value plus 1. */
  #table = new Int32Array(3 << 8);
  #mask = 255;
  #count = 0;

  /** −1 if there is none. */
  get(a: number, b: number): number {
    const [table, mask] = [this.#table, this.#mask];
    let at = place(a, b, mask);
    for (let value = table[3 * at + 2]!; value !== 0; value = table[3 * at + 2]!) {
      if (table[3 * at] === a && table[3 * at + 1] === b) return value - 1;
      at = (at + 1) & mask;
    }
    return NONE;
  }

  /** Of a pair that has none yet. */
  set(a: number, b: number, value: number): void {
    this.#count += 1;
    if (2 * this.#count > this.#mask) this.#spread();
    this.#put(a, b, value + 1);
  }

  #put(a: number, b: number, value: number): void {
    const [table, mask] = [this.#table, this.#mask];
    let at = place(a, b, mask);
    while (table[3 * at + 2] !== 0) at = (at + 1) & mask;
    table[3 * at] = a;
    table[3 * at + 1] = b;
    table[3 * at + 2] = value;
  }

  #spread(): void {
    const old = this.#table;
    this.#mask = 4 * this.#mask + 3;
    this.#table = new Int32Array(3 * (this.#mask + 1));
    for (let at = 0; at < old.length; at += 3) if (old[at + 2] !== 0) this.#put(old[at]!, old[at + 1]!, old[at + 2]!);
  }
}
