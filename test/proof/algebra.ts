// Bits as functions of unknowns, in a form in which equal functions are equal numbers.
//
// A bit is a sum modulo 2 of atoms: unknown bits of keys and texts, the output bits of S-boxes, products of a bit of a GHASH key
// and another bit. S-boxes are known by the standard, which is evaluated first: for every S-box that it applies, its input becomes
// a byte of eight variables. A bit of the program that equals an input bit becomes a variable, and what gates and look-ups make of
// the variables of one byte are truth tables over its 256 values. A table that is a sum of the S-box's outputs and of variables
// becomes a sum of atoms again. Nothing is assumed: the sum that a variable stands for is the sum that the program computed.
//
// What has no such form becomes an atom of its own, which tells where that was: as if the program could have computed anything there.
import { Increments } from "./increments.ts";
import { Nodes } from "./nodes.ts";
import { Pairs } from "./pairs.ts";
import { type PublicTable, PublicTables } from "./public-tables.ts";
import { type Box, Substitutions } from "./substitutions.ts";
import { Sums } from "./sums.ts";
import { parity, TruthTables } from "./truth-tables.ts";

/** 0 and 1 are the constants; else twice the number of a node, plus 1 for its complement. */
export type Bit = number;
/** What has no form, until it becomes an atom. */
export const UNKNOWN: Bit = -2;
/** The name of every product of two bits. */
const PRODUCT = "product";
/** Eight bits, the lowest first. */
export type Byte = readonly Bit[];

/** The output of an S-box: the sum of each bit, and which bits are the complement. */
interface Output {
  readonly sums: readonly number[];
  readonly signs: number;
}

interface ByteVariable {
  /** The sums that its bits stand for. */
  readonly sums: readonly number[];
  /** The S-boxes applied to it, by name and the constant that is added before. */
  readonly outputs: Map<string, Output>;
  /** The sums of its bits, by number: which bits they are of. */
  combinations?: ReadonlyMap<number, number>;
}

/** Of functions of a byte there are only so many that matter: all proofs share what is known of them. */
const tables = new TruthTables();
const substitutions = new Substitutions(tables);
const publicTables = new PublicTables(tables);

export class Algebra {
  readonly #sums = new Sums();
  readonly #nodes = new Nodes();
  readonly #bytes: ByteVariable[] = [];
  readonly #byteOf = new Map<string, number>();
  readonly #bytesWith = new Map<number, number[]>();
  /** What a sum was declared to be: a variable of a byte, or an atom that stands for it. */
  readonly #declared: (Bit | undefined)[] = [];
  /** What atoms of cuts stand for, as 2·sum + sign, where that may still matter: it can be seen through. */
  readonly #seenThrough = new Map<number, number>();
  readonly #expanded = new Map<number, Bit>();
  /** By its output, what an S-box was applied to. */
  readonly #substituted = new Map<string, { readonly box: Box; readonly byte: number; readonly constant: number }>();
  readonly #products = new Pairs();
  readonly #factors = new Set<number>();
  readonly #increments = new Increments(
    (bit) => this.canonical(bit),
    (name) => this.fresh(name),
  );
  readonly #names: string[] = [""];
  readonly #lostAt = new Map<number, string>();

  /** A new unknown bit. `factor`: it may be multiplied with others. */
  fresh(name: string, factor = false): Bit {
    this.#names.push(name);
    const atom = this.#names.length - 1;
    if (factor) this.#factors.add(atom);
    return this.#bitOfSum(this.#sums.atom(atom));
  }

  /** Where bits are made from here on, as a number that is the caller's. */
  set place(place: number) {
    this.#nodes.place = place;
  }

  /**
   * A bit for what lost its form at `where`, unless one of the bits that it comes of had lost it before. `from`, where there is one, is
   * the place where an operand was made that is a table over a byte, but no sum: either it or what is done with it is wrong.
   */
  lost(where: (from?: number) => string, operands: readonly Bit[]): Bit {
    let place: string | undefined;
    for (const operand of operands) place ??= this.whereLost(operand);
    if (place === undefined) {
      const formless = operands.find((operand) => operand >= 0 && this.#sumOf(operand) < 0);
      place = where(formless === undefined ? undefined : this.#nodes.placeOf(formless >> 1));
    }
    const bit = this.fresh("lost");
    this.#lostAt.set(this.#names.length - 1, place);
    return bit;
  }

  /** Where the first part of a bit that lost its form did so. */
  whereLost(bit: Bit): string | undefined {
    const sum = this.#sumOf(bit);
    const first = sum < 0 ? undefined : this.#sums.list(sum >> 1).findLast((atom) => this.#lostAt.has(atom));
    return first === undefined ? undefined : this.#lostAt.get(first);
  }

  freshByte(name: string, factor = false): Byte {
    return Array.from({ length: 8 }, (_, bit) => this.fresh(`${name} bit ${bit}`, factor));
  }

  #bitOfSum(sum: number): Bit {
    const declared = this.#declared[sum];
    if (declared !== undefined) return declared;
    return 2 * this.#nodes.ofSum(sum);
  }

  #bitOfTable(byte: number, signed: number): Bit {
    const table = signed >> 1;
    if (table === 0) return signed & 1;
    return 2 * this.#nodes.ofTable(byte, table) + (signed & 1);
  }

  /** The sum of a bit, as 2·sum + sign, or UNKNOWN. */
  #sumOf(bit: Bit): number {
    if (bit < 0) return UNKNOWN;
    const node = bit >> 1;
    if (this.#nodes.isSum(node)) return 2 * this.#nodes.valueOf(node) + (bit & 1);
    let sum = this.#expanded.get(node);
    if (sum === undefined) {
      sum = this.#expand(this.#nodes.byteOf(node), this.#nodes.valueOf(node));
      this.#expanded.set(node, sum);
    }
    return sum === UNKNOWN ? UNKNOWN : sum ^ (bit & 1);
  }

  /** A sum with what its cuts stand for, as 2·sum + sign. */
  #unfold(sum: number): number {
    let unfolded = 2 * sum;
    if (this.#seenThrough.size === 0) return unfolded;
    for (const atom of this.#sums.list(sum)) {
      const meant = this.#seenThrough.get(atom);
      if (meant === undefined) continue;
      const without = this.#sums.xor(unfolded >> 1, this.#sums.atom(atom));
      unfolded = 2 * this.#sums.xor(without, meant >> 1) + ((unfolded ^ meant) & 1);
    }
    return unfolded;
  }

  #expand(byte: number, table: number): number {
    const { sums, outputs } = this.#bytes[byte]!;
    const variables = substitutions.affine(table);
    if (variables !== undefined) return 2 * this.#sumOfBits(sums, variables);
    for (const way of substitutions.ways(table)) {
      const output = outputs.get(`${way.box.name} ${way.constant}`);
      if (!output) continue;
      const substituted = this.#sumOfBits(output.sums, way.outputs);
      const sum = this.#sums.xor(this.#sumOfBits(sums, way.variables), substituted);
      return 2 * sum + (way.sign ^ parity(output.signs & way.outputs));
    }
    return UNKNOWN;
  }

  #sumOfBits(sums: readonly number[], mask: number): number {
    let sum = 0;
    for (let bit = 0; bit < 8; bit++) if ((mask >> bit) & 1) sum = this.#sums.xor(sum, sums[bit]!);
    return sum;
  }

  xor(a: Bit, b: Bit): Bit {
    if (a < 0 || b < 0) return UNKNOWN;
    if (a < 2) return b ^ a;
    if (b < 2) return a ^ b;
    if (a >> 1 === b >> 1) return (a ^ b) & 1;
    const nodes = this.#nodes;
    const [left, right] = [nodes.byteOf(a >> 1), nodes.byteOf(b >> 1)];
    if (left >= 0 && left === right) return this.#bitOfTable(left, tables.xor(this.#tableOf(a), this.#tableOf(b)));
    if (left < 0 !== right < 0) {
      const [byte, local, other] = left < 0 ? [right, b, a] : [left, a, b];
      const view = this.#isOver(other, byte) ? this.#view(other, byte) : undefined;
      if (view !== undefined) return this.#bitOfTable(byte, tables.xor(this.#tableOf(local), view));
    }
    const [x, y] = [this.#sumOf(a), this.#sumOf(b)];
    if (x < 0 || y < 0) return UNKNOWN;
    const bit = this.#bitOfSum(this.#sums.xor(x >> 1, y >> 1));
    return bit ^ ((x ^ y) & 1);
  }

  not(a: Bit): Bit {
    return a < 0 ? UNKNOWN : a ^ 1;
  }

  and(a: Bit, b: Bit): Bit {
    if (a === 0 || b === 0) return 0;
    if (a === 1) return b;
    if (b === 1) return a;
    if (a < 0 || b < 0) return UNKNOWN;
    if (a >> 1 === b >> 1) return a === b ? a : 0;
    const views = this.views([a, b]);
    if (views) return this.#bitOfTable(views.byte, tables.and(views.tables[0]!, views.tables[1]!));
    return this.#product(a, b);
  }

  or(a: Bit, b: Bit): Bit {
    return this.not(this.and(this.not(a), this.not(b)));
  }

  /** The table of a bit that is one, signed. */
  #tableOf(bit: Bit): number {
    return 2 * this.#nodes.valueOf(bit >> 1) + (bit & 1);
  }

  /** Bits as signed tables over one byte, if there is one; constants are tables too. */
  views(bits: readonly Bit[]): { readonly byte: number; readonly tables: readonly number[] } | undefined {
    const candidates = this.#candidates(bits);
    for (const byte of candidates) {
      const tables = bits.map((bit) => this.#view(bit, byte));
      if (tables.every((table) => table !== undefined)) return { byte, tables };
    }
    return undefined;
  }

  #candidates(bits: readonly Bit[]): readonly number[] {
    let fewest: readonly number[] | undefined;
    for (const bit of bits) {
      if (bit < 0) return [];
      const node = bit >> 1;
      if (!this.#nodes.isSum(node)) return [this.#nodes.byteOf(node)];
      const [newest] = this.#sums.list(this.#unfold(this.#nodes.valueOf(node)) >> 1);
      if (newest === undefined) continue;
      const found = this.#bytesWith.get(newest) ?? [];
      if (!fewest || found.length < fewest.length) fewest = found;
    }
    return fewest ?? [];
  }

  /** Whether a sum may be one of a byte's variables: its newest atom is in one of them. */
  #isOver(bit: Bit, byte: number): boolean {
    const node = bit >> 1;
    if (!this.#nodes.isSum(node)) return this.#nodes.byteOf(node) === byte;
    const [newest = -1] = this.#sums.list(this.#unfold(this.#nodes.valueOf(node)) >> 1);
    return this.#bytesWith.get(newest)?.includes(byte) ?? false;
  }

  #view(bit: Bit, byte: number): number | undefined {
    if (bit === 0 || bit === 1) return bit;
    const node = bit >> 1;
    if (!this.#nodes.isSum(node)) return this.#nodes.byteOf(node) === byte ? this.#tableOf(bit) : undefined;
    const unfolded = this.#unfold(this.#nodes.valueOf(node));
    const mask = this.#combinations(byte).get(unfolded >> 1);
    if (mask === undefined) return undefined;
    return tables.of((value) => parity(value & mask)) ^ ((bit ^ unfolded) & 1);
  }

  #combinations(byte: number): ReadonlyMap<number, number> {
    const variable = this.#bytes[byte]!;
    if (variable.combinations) return variable.combinations;
    const sums = [0];
    for (let bit = 0; bit < 8; bit++) for (const sum of [...sums]) sums.push(this.#sums.xor(sum, variable.sums[bit]!));
    variable.combinations = new Map(sums.map((sum, mask) => [sum, mask]));
    return variable.combinations;
  }

  /** The byte of eight variables that stands for these bits but their signs; and the signs. */
  #variable(bits: Byte): { byte: number; constant: number } {
    const sums = bits.map((bit) => {
      const sum = this.#sumOf(bit);
      if (sum < 0) throw new Error("An S-box of the standard has an input without a form");
      return this.#unfold(sum >> 1) ^ (sum & 1);
    });
    const constant = sums.reduce((all, sum, bit) => all | ((sum & 1) << bit), 0);
    const bare = sums.map((sum) => sum >> 1);
    const key = bare.join();
    let byte = this.#byteOf.get(key);
    if (byte === undefined) {
      byte = this.#bytes.push({ sums: bare, outputs: new Map() }) - 1;
      this.#byteOf.set(key, byte);
      for (const atom of new Set(bare.flatMap((sum) => [...this.#sums.list(sum)]))) {
        const known = this.#bytesWith.get(atom);
        if (known) known.push(byte);
        else this.#bytesWith.set(atom, [byte]);
      }
      for (const [bit, sum] of bare.entries()) {
        if (sum !== 0) this.#declared[sum] ??= this.#bitOfTable(byte, 2 * tables.variables[bit]!);
      }
    }
    return { byte, constant };
  }

  /** An S-box that the standard applies. */
  substitute(box: Box, input: Byte): Byte {
    if (input.every((bit) => bit === 0 || bit === 1)) {
      const value = box.table[input.reduce<number>((all, bit, index) => all | (bit << index), 0)]!;
      return input.map((_, index) => (value >> index) & 1);
    }
    const { byte, constant } = this.#variable(input);
    const { outputs } = this.#bytes[byte]!;
    const key = `${box.name} ${constant}`;
    let output = outputs.get(key);
    if (!output) {
      substitutions.list(box, constant);
      output = (constant === 0 ? this.#undone(box, byte) : undefined) ?? this.#newOutput(box, byte, constant);
      outputs.set(key, output);
    }
    const { sums, signs } = output;
    return sums.map((sum, bit) => this.#bitOfSum(sum) ^ ((signs >> bit) & 1));
  }

  #newOutput(box: Box, byte: number, constant: number): Output {
    const sums = Array.from({ length: 8 }, (_, bit) => {
      this.#names.push(`${box.name} ${byte} bit ${bit}`);
      return this.#sums.atom(this.#names.length - 1);
    });
    this.#substituted.set(sums.join(), { box, byte, constant });
    return { sums, signs: 0 };
  }

  /** The input of an S-box whose inverse is applied to its output. */
  #undone(box: Box, byte: number): Output | undefined {
    const done = this.#substituted.get(this.#bytes[byte]!.sums.join());
    if (!done || done.box.inverse !== box.name) return undefined;
    return { sums: this.#bytes[done.byte]!.sums, signs: done.constant };
  }

  /** A byte looked up by the program in a public table, at an index whose bits depend on one byte. */
  lookUp(table: PublicTable, index: readonly Bit[]): readonly Bit[] {
    const views = this.views(index);
    const found = views && publicTables.lookUp(table, views.tables);
    return found ? found.map((bit) => this.#bitOfTable(views.byte, bit)) : index.map(() => UNKNOWN);
  }

  /** A product of two sums, one of which has nothing but factors. */
  #product(a: Bit, b: Bit): Bit {
    const [x, y] = [this.#sumOf(a), this.#sumOf(b)];
    if (x < 0 || y < 0) return UNKNOWN;
    const areFactors = (sum: number) => this.#sums.list(sum >> 1).every((atom) => this.#factors.has(atom));
    if (!areFactors(x) && !areFactors(y)) return UNKNOWN;
    const [factor, other] = areFactors(x) ? [x, y] : [y, x];
    const products: number[] = [];
    for (const left of this.#sums.list(factor >> 1)) {
      for (const right of this.#sums.list(other >> 1)) {
        if (this.#names[right] === PRODUCT) return UNKNOWN;
        products.push(this.#productAtom(left, right));
      }
    }
    let sum = this.#sums.of(products);
    if (factor & 1) sum = this.#sums.xor(sum, other >> 1);
    if (other & 1) sum = this.#sums.xor(sum, factor >> 1);
    return this.#bitOfSum(sum) ^ (factor & other & 1);
  }

  #productAtom(a: number, b: number): number {
    // A bit times itself is the bit.
    if (a === b) return a;
    const [less, more] = [Math.min(a, b), Math.max(a, b)];
    let atom = this.#products.get(less, more);
    if (atom < 0) {
      atom = this.#names.push(PRODUCT) - 1;
      this.#products.set(less, more, atom);
    }
    return atom;
  }

  /**
   * A cut: from here on an atom stands for the bit, in the standard and wherever the program computes the same sum. `through`: an
   * S-box may still depend on what it stands for.
   */
  cut(bit: Bit, name: string, { factor = false, through = false } = {}): Bit {
    const sum = this.#sumOf(bit);
    if (sum < 0) throw new Error(`${name} has no form`);
    if (sum >> 1 === 0) return bit;
    const [only, more] = this.#sums.list(sum >> 1);
    if (more === undefined && (!factor || this.#factors.has(only!))) return bit;
    const declared = this.#declared[sum >> 1];
    if (declared !== undefined && this.#nodes.isSum(declared >> 1)) return declared ^ (sum & 1);
    const atom = this.fresh(name, factor);
    const [number] = this.#sums.list(this.#sumOf(atom) >> 1);
    if (through) this.#seenThrough.set(number!, sum & ~1);
    this.#declared[sum >> 1] = atom;
    return atom ^ (sum & 1);
  }

  /** A bit as it is now: a sum that was cut since it was made is the atom. */
  current(bit: Bit): Bit {
    if (bit < 0 || !this.#nodes.isSum(bit >> 1)) return bit;
    return this.#bitOfSum(this.#nodes.valueOf(bit >> 1)) ^ (bit & 1);
  }

  /** A word of 32 bits plus a constant, modulo 2^32. */
  increment(word: readonly Bit[], by: number): readonly Bit[] {
    return this.#increments.of(word, by);
  }

  /** Equal for bits that are the same function; UNKNOWN for what has no form. */
  canonical(bit: Bit): number {
    const sum = this.#sumOf(bit);
    const declared = sum < 0 ? undefined : this.#declared[sum >> 1];
    const form = declared === undefined ? sum : this.#sumOf(declared) ^ (sum & 1);
    return form < 0 ? UNKNOWN : this.#unfold(form >> 1) ^ (form & 1);
  }
}
