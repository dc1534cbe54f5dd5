// SP 800-38D (GHASH and GCM), transcribed over the algebra. A block is 16 bytes; bit 0 of a block is the highest bit of its first
// byte.
import type { Algebra, Bit, Byte } from "../algebra.ts";
import { blocksOf, constantByte, constantBytes, padded, xorBytes } from "./bytes.ts";

type Block = readonly Byte[];

/** From how many hashed blocks on how many powers of H are used. */
export interface Stepping {
  readonly from: number;
  readonly powers: number;
}

/** One step of §6.4 at a time. */
export const blockByBlock: Stepping = { from: 0, powers: 1 };

const bitsOf = (block: Block): Bit[] => block.flatMap((byte) => byte.toReversed());
const blockOf = (bits: readonly Bit[]): Byte[] =>
  Array.from({ length: 16 }, (_, i) => bits.slice(8 * i, 8 * i + 8).toReversed());

/** A sum of bits, by halves: one after the other, a long sum would be written out again with each of them. */
function sum(algebra: Algebra, bits: readonly Bit[], from = 0, to = bits.length): Bit {
  if (to - from <= 1) return bits[from] ?? 0;
  const half = (from + to) >> 1;
  return algebra.xor(sum(algebra, bits, from, half), sum(algebra, bits, half, to));
}

/** §6.3, X·Y. One of the two must be a factor of the algebra; it is Y. */
export function multiply(algebra: Algebra, x: Block, y: Block): Byte[] {
  /** What is added to each bit of Z. */
  const added: Bit[][] = Array.from({ length: 128 }, () => []);
  let v = bitsOf(y);
  for (const bit of bitsOf(x)) {
    if (bit !== 0) for (const [i, each] of v.entries()) added[i]!.push(algebra.and(bit, each));
    const before = v;
    const last = before[127]!;
    // R = 11100001 ‖ 0^120.
    v = before.map((_, i) => algebra.xor(i === 0 ? 0 : before[i - 1]!, [0, 1, 2, 7].includes(i) ? last : 0));
  }
  return blockOf(added.map((bits) => sum(algebra, bits)));
}

export const cutBlock = (algebra: Algebra, block: Block, name: string, how = {}): Byte[] =>
  block.map((byte, i) => byte.map((bit, k) => algebra.cut(bit, `${name} byte ${i} bit ${k}`, how)));

/** GHASH under one key: hashes data, with zeros to whole blocks, onto a state. */
export interface Hash {
  update(state: Block, data: readonly Byte[]): Block;
}

/** GHASH as an unknown function of state and data, for proofs of all that is around it. */
export class UnknownHash implements Hash {
  readonly #algebra: Algebra;
  /** A block of any value. */
  readonly #fresh: () => Block;
  readonly #known = new Map<string, Block>();

  constructor(algebra: Algebra, fresh: () => Block) {
    this.#algebra = algebra;
    this.#fresh = fresh;
  }

  update(state: Block, data: readonly Byte[]): Block {
    if (data.length === 0) return state;
    const key = [...state, ...padded(data)].flatMap((byte) => byte.map((bit) => this.#algebra.canonical(bit))).join();
    const known = this.#known.get(key);
    if (known) return known;
    const next = this.#fresh();
    this.#known.set(key, next);
    return next;
  }
}

/**
 * GHASH under one key (§6.4) in the steps that the program takes: block by block, or from a number of blocks on several at a time,
 * with powers of H. The state and all that is multiplied are cuts.
 */
export class Ghash implements Hash {
  readonly #algebra: Algebra;
  /** H, H^2, …: each a cut. */
  readonly #powers: Block[];
  readonly #stepping: Stepping;
  #hashed = 0;

  constructor(algebra: Algebra, h: Block, stepping: Stepping) {
    this.#algebra = algebra;
    this.#powers = [h];
    this.#stepping = stepping;
  }

  /** The powers that the next blocks are multiplied by, once there are so many. */
  #powersFor(blocks: number): readonly Block[] {
    this.#hashed += blocks;
    const [h] = this.#powers as [Block];
    while (this.#hashed >= this.#stepping.from && this.#powers.length < this.#stepping.powers) {
      const power = multiply(this.#algebra, this.#powers.at(-1)!, h);
      this.#powers.push(cutBlock(this.#algebra, power, `H^${this.#powers.length + 1}`, { factor: true }));
    }
    return this.#powers;
  }

  /**
   * Y′ = (Y + X1)·H^n + X2·H^(n−1) + … + Xn·H, which is n steps of §6.4, as multiplication is associative and distributes over
   * sums.
   */
  #step(state: Block, blocks: readonly Block[], powers: readonly Block[]): Block {
    const algebra = this.#algebra;
    const inputs = blocks.map((block, i) =>
      cutBlock(algebra, i === 0 ? xorBytes(algebra, block, state) : block, "GHASH input"),
    );
    const products = inputs.map((input, i) => multiply(algebra, input, powers[blocks.length - 1 - i]!));
    return cutBlock(
      algebra,
      products.reduce((sum, product) => xorBytes(algebra, sum, product)),
      "GHASH state",
    );
  }

  /** First the blocks that are left of as many as there are powers. */
  update(state: Block, data: readonly Byte[]): Block {
    const blocks = blocksOf(padded(data));
    if (blocks.length === 0) return state;
    const powers = this.#powersFor(blocks.length);
    const first = blocks.length % powers.length;
    let next = first > 0 ? this.#step(state, blocks.slice(0, first), powers) : state;
    for (let at = first; at < blocks.length; at += powers.length) {
      next = this.#step(next, blocks.slice(at, at + powers.length), powers);
    }
    return next;
  }
}

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
