// Functions of one byte to one bit, by their 256 values. Each is held once, with the value 0 at 0: its complement is a sign.
import { Pairs } from "./pairs.ts";

/** The values for 32 bytes in each word, the first in the lowest bit. */
type Values = Int32Array;

export class TruthTables {
  readonly #values: Values[] = [];
  readonly #byKey = new Map<string, number>();
  readonly #sums = new Pairs();
  readonly #products = new Pairs();
  /** The tables of the byte's own bits. */
  readonly variables: readonly number[];

  constructor() {
    this.of(() => 0);
    this.variables = Array.from({ length: 8 }, (_, bit) => this.of((byte) => (byte >> bit) & 1) >> 1);
  }

  /** The function as 2·table + sign. */
  of(value: (byte: number) => number): number {
    const words = new Int32Array(8);
    for (let byte = 0; byte < 256; byte++) words[byte >> 5]! |= value(byte) << (byte & 31);
    return this.#signed(words);
  }

  #signed(words: Values): number {
    const sign = words[0]! & 1;
    if (sign === 1) for (let i = 0; i < 8; i++) words[i]! ^= -1;
    return 2 * this.#intern(words) + sign;
  }

  #intern(words: Values): number {
    const key = String.fromCharCode(...new Uint16Array(words.buffer));
    let table = this.#byKey.get(key);
    if (table === undefined) {
      table = this.#values.push(words) - 1;
      this.#byKey.set(key, table);
    }
    return table;
  }

  at(signed: number, byte: number): number {
    return ((this.#values[signed >> 1]![byte >> 5]! >> (byte & 31)) ^ signed) & 1;
  }

  xor(a: number, b: number): number {
    let table = this.#sums.get(a >> 1, b >> 1);
    if (table < 0) {
      const [x, y] = [this.#values[a >> 1]!, this.#values[b >> 1]!];
      table = this.#intern(x.map((word, i) => word ^ y[i]!));
      this.#sums.set(a >> 1, b >> 1, table);
    }
    return 2 * table + ((a ^ b) & 1);
  }

  and(a: number, b: number): number {
    let product = this.#products.get(a, b);
    if (product < 0) {
      const [x, y] = [this.#values[a >> 1]!, this.#values[b >> 1]!];
      const [signOfA, signOfB] = [-(a & 1), -(b & 1)];
      product = this.#signed(x.map((word, i) => (word ^ signOfA) & (y[i]! ^ signOfB)));
      this.#products.set(a, b, product);
    }
    return product;
  }
}

export function parity(byte: number): number {
  let folded = byte ^ (byte >> 4);
  folded ^= folded >> 2;
  return (folded ^ (folded >> 1)) & 1;
}
