// SP 800-38D (GHASH and GCM), transcribed over the algebra. A block is 16 bytes; bit 0 of a block is the highest bit of its first
// byte.
import type { Algebra, Bit, Byte } from "../algebra.ts";
import { constantByte, constantBytes, xorBytes } from "./bytes.ts";

type Block = readonly Byte[];

const bitsOf = (block: Block): Bit[] => block.flatMap((byte) => byte.toReversed());
const blockOf = (bits: readonly Bit[]): Byte[] =>
  Array.from({ length: 16 }, (_, i) => bits.slice(8 * i, 8 * i + 8).toReversed());

/** §6.3, X·Y. One of the two must be a factor of the algebra; it is Y. */
export function multiply(algebra: Algebra, x: Block, y: Block): Byte[] {
  let z: Bit[] = new Array<Bit>(128).fill(0);
  let v = bitsOf(y);
  for (const bit of bitsOf(x)) {
    const added = v;
    z = z.map((each, i) => algebra.xor(each, algebra.and(bit, added[i]!)));
    const last = v[127]!;
    // R = 11100001 ‖ 0^120.
    v = v.map((_, i) => algebra.xor(i === 0 ? 0 : added[i - 1]!, [0, 1, 2, 7].includes(i) ? last : 0));
  }
  return blockOf(z);
}

export const cutBlock = (algebra: Algebra, block: Block, name: string, how = {}): Byte[] =>
  block.map((byte, i) => byte.map((bit, k) => algebra.cut(bit, `${name} byte ${i} bit ${k}`, how)));

/** How the program hashes: block by block, or several with powers of H at a time. */
export class Ghash {
  readonly #algebra: Algebra;
  /** H, H^2, …: each a cut. */
  readonly #powers: Block[];
  state: Block = constantBytes(new Uint8Array(16));

  constructor(algebra: Algebra, h: Block, powers = 1) {
    this.#algebra = algebra;
    this.#powers = [h];
    for (let n = 2; n <= powers; n++) {
      this.#powers.push(cutBlock(algebra, multiply(algebra, this.#powers.at(-1)!, h), `H^${n}`, { factor: true }));
    }
  }

  /**
   * §6.4, Y′ = (Y + X1)·H^n + X2·H^(n−1) + … + Xn·H, which is n of its steps, as multiplication is associative and distributes
   * over sums. Y′ is a cut, and so is what is multiplied.
   */
  #step(blocks: readonly Block[]): void {
    const algebra = this.#algebra;
    const inputs = blocks.map((block, i) =>
      cutBlock(algebra, i === 0 ? xorBytes(algebra, block, this.state) : block, "GHASH input"),
    );
    const products = inputs.map((input, i) => multiply(algebra, input, this.#powers[blocks.length - 1 - i]!));
    this.state = cutBlock(
      algebra,
      products.reduce((sum, product) => xorBytes(algebra, sum, product)),
      "GHASH state",
    );
  }

  /** Hashes whole blocks; first what is left of as many as there are powers. */
  update(data: readonly Byte[]): void {
    const blocks = Array.from({ length: data.length / 16 }, (_, i) => data.slice(16 * i, 16 * i + 16));
    const first = blocks.length % this.#powers.length;
    if (first > 0) this.#step(blocks.slice(0, first));
    for (let at = first; at < blocks.length; at += this.#powers.length)
      this.#step(blocks.slice(at, at + this.#powers.length));
  }
}

export const padded = (bytes: readonly Byte[]): Byte[] => [
  ...bytes,
  ...Array.from({ length: -bytes.length & 15 }, () => constantByte(0)),
];

export function lengthBlock(first: number, second: number): Byte[] {
  const view = new DataView(new ArrayBuffer(16));
  view.setBigUint64(0, BigInt(8 * first));
  view.setBigUint64(8, BigInt(8 * second));
  return constantBytes(new Uint8Array(view.buffer));
}

/** §6.2: the last four bytes count, big-endian. */
export function increment(algebra: Algebra, block: Block, by: number): Byte[] {
  const word = block.slice(12).toReversed().flat();
  if (word.every((bit) => bit === 0 || bit === 1)) {
    const value = word.reduce<number>((all, bit, i) => all | (bit << i), 0);
    const next = Array.from({ length: 4 }, (_, i) => constantByte(((value + by) >>> (24 - 8 * i)) & 255));
    return [...block.slice(0, 12), ...next];
  }
  const next = algebra.increment(word, by);
  return [...block.slice(0, 12), ...[3, 2, 1, 0].map((i) => next.slice(8 * i, 8 * i + 8))];
}
