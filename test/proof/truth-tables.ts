// Functions of one byte to one bit, by their 256 values. Each is held once, with the value 0 at 0: its complement is a sign.

export class TruthTables {
  readonly #values: Uint8Array[] = [];
  readonly #byKey = new Map<string, number>();
  readonly #sums = new Map<number, number>();
  readonly #products = new Map<number, number>();
  /** The tables of the byte's own bits. */
  readonly variables: readonly number[];

  constructor() {
    this.of(() => 0);
    this.variables = Array.from({ length: 8 }, (_, bit) => this.of((byte) => (byte >> bit) & 1) >> 1);
  }

  /** The function as 2·table + sign. */
  of(value: (byte: number) => number): number {
    const sign = value(0) & 1;
    return 2 * this.#intern(Uint8Array.from({ length: 256 }, (_, byte) => (value(byte) ^ sign) & 1)) + sign;
  }

  #intern(values: Uint8Array): number {
    const key = String.fromCharCode(...Uint8Array.from({ length: 32 }, (_, i) => packed(values, 8 * i)));
    const found = this.#byKey.get(key);
    if (found !== undefined) return found;
    this.#values.push(values);
    this.#byKey.set(key, this.#values.length - 1);
    return this.#values.length - 1;
  }

  at(signed: number, byte: number): number {
    return this.#values[signed >> 1]![byte]! ^ (signed & 1);
  }

  xor(a: number, b: number): number {
    const key = (a >> 1) * 2 ** 24 + (b >> 1);
    let table = this.#sums.get(key);
    if (table === undefined) {
      table = this.of((byte) => this.at(a & ~1, byte) ^ this.at(b & ~1, byte)) >> 1;
      this.#sums.set(key, table);
    }
    return 2 * table + ((a ^ b) & 1);
  }

  and(a: number, b: number): number {
    const key = a * 2 ** 25 + b;
    let product = this.#products.get(key);
    if (product === undefined) {
      product = this.of((byte) => this.at(a, byte) & this.at(b, byte));
      this.#products.set(key, product);
    }
    return product;
  }
}

function packed(values: Uint8Array, from: number): number {
  let byte = 0;
  for (let i = 0; i < 8; i++) byte |= values[from + i]! << i;
  return byte;
}

export function parity(byte: number): number {
  let folded = byte ^ (byte >> 4);
  folded ^= folded >> 2;
  return (folded ^ (folded >> 1)) & 1;
}
