// What a bit is: a sum of atoms, or a truth table over a byte. Each is held once and has a number, its node; node 0 is the sum of
// nothing.
import { Pairs } from "./pairs.ts";
import { grown } from "./sums.ts";

const NONE = -1;

export class Nodes {
  /** The byte of a truth table; NONE of a sum. */
  #bytes = new Int32Array(1 << 12);
  /** The number of the sum, or of the table. */
  #values = new Int32Array(1 << 12);
  #places = new Int32Array(1 << 12);
  #count = 0;
  /** Where nodes are made from now on, as a number. */
  place = 0;
  /** By its number, the node of a sum, plus 1. */
  #ofSums = new Int32Array(1 << 12);
  readonly #ofTables = new Pairs();

  constructor() {
    this.ofSum(0);
  }

  #add(byte: number, value: number): number {
    this.#bytes = grown(this.#bytes, this.#count + 1);
    this.#values = grown(this.#values, this.#count + 1);
    this.#places = grown(this.#places, this.#count + 1);
    this.#places[this.#count] = this.place;
    this.#bytes[this.#count] = byte;
    this.#values[this.#count] = value;
    this.#count += 1;
    return this.#count - 1;
  }

  ofSum(sum: number): number {
    if (sum >= this.#ofSums.length) this.#ofSums = grown(this.#ofSums, sum + 1);
    const known = this.#ofSums[sum]!;
    if (known !== 0) return known - 1;
    const node = this.#add(NONE, sum);
    this.#ofSums[sum] = node + 1;
    return node;
  }

  ofTable(byte: number, table: number): number {
    let node = this.#ofTables.get(byte, table);
    if (node < 0) {
      node = this.#add(byte, table);
      this.#ofTables.set(byte, table, node);
    }
    return node;
  }

  isSum(node: number): boolean {
    return this.#bytes[node] === NONE;
  }

  /** The byte that it is a table over; −1 of a sum. */
  byteOf(node: number): number {
    return this.#bytes[node]!;
  }

  /** Where it was made first. */
  placeOf(node: number): number {
    return this.#places[node]!;
  }

  /** The number of the sum or of the table. */
  valueOf(node: number): number {
    return this.#values[node]!;
  }
}
