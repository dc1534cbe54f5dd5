// The symbolic domain: what is not known is bits of the algebra. Only public values decide where a run goes; a verdict is decided
// by the proof, which sees which bits it is about.
import { type Algebra, type Bit, type Byte, UNKNOWN } from "./algebra.ts";
import { type Domain, type Need, type Site, Unknown } from "./wasm/domain.ts";
import { evaluate, type Operation, type Value } from "./wasm/operations.ts";
import type { Vector } from "./wasm/vector.ts";

type Type = "i32" | "i64" | "v128";
const widths: Readonly<Record<Type, number>> = { i32: 32, i64: 64, v128: 128 };

class Symbolic extends Unknown {
  readonly kind = "symbolic";
  readonly type: Type;
  readonly bits: readonly Bit[];

  constructor(type: Type, bits: readonly Bit[]) {
    super();
    this.type = type;
    this.bits = bits;
  }
}

const typeOf = (value: Value | Unknown): Type =>
  value instanceof Symbolic
    ? value.type
    : typeof value === "number"
      ? "i32"
      : typeof value === "bigint"
        ? "i64"
        : "v128";

function bitsOf(value: Value | Unknown): readonly Bit[] {
  if (value instanceof Symbolic) return value.bits;
  if (typeof value === "number") return Array.from({ length: 32 }, (_, bit) => (value >> bit) & 1);
  if (typeof value === "bigint") return Array.from({ length: 64 }, (_, bit) => Number((value >> BigInt(bit)) & 1n));
  const { w0, w1, w2, w3 } = value as Vector;
  return [w0, w1, w2, w3].flatMap(bitsOf);
}

function valueOf32(bits: readonly Bit[], from: number): number {
  let word = 0;
  for (let bit = 0; bit < 32; bit++) word |= bits[from + bit]! << bit;
  return word;
}

function knownValue(type: Type, bits: readonly Bit[]): Value {
  if (type === "i32") return valueOf32(bits, 0);
  const words = Array.from({ length: bits.length / 32 }, (_, index) => valueOf32(bits, 32 * index));
  const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = words;
  return type === "v128" ? { w0, w1, w2, w3 } : BigInt.asUintN(64, (BigInt(w1) << 32n) | BigInt(w0 >>> 0));
}

const isKnown = (bit: Bit) => bit === 0 || bit === 1;

const zeroOf = (type: Type): Value => knownValue(type, new Array<Bit>(widths[type]).fill(0));
function oneBit(type: Type, place: number): Value {
  const bits = new Array<Bit>(widths[type]).fill(0);
  bits[place] = 1;
  return knownValue(type, bits);
}

/** The program does with something without a form what it may do with known values only. */
export class LeftStandard extends Error {
  constructor(where: string) {
    super(`The run leaves the standard at ${where}`);
  }
}

/** The bits of operands in the byte of a bit. */
const inByte = (operands: readonly (Value | Unknown)[], bit: number): Bit[] =>
  operands.flatMap((operand) => bitsOf(operand).slice(bit & ~7, (bit & ~7) + 8));

/** An instruction as a number. */
const placeOf = (site: Site): number => (site.function << 20) | site.at;
const described = (place: number): string => `instruction ${place & 0xfffff} of function ${place >> 20}`;

/** What a verdict asks: whether any of these bits is 1. */
export type Predicate = readonly Bit[];

export class SymbolicDomain implements Domain {
  readonly #algebra: Algebra;
  readonly #memory: Uint8Array;
  readonly #bits: Int32Array;
  /** Which bytes of memory have bits that are not known. */
  readonly #isSymbolic: Uint8Array;
  /** For each kind of move, where each bit of the result comes from. */
  readonly #moves = new Map<string, readonly number[]>();
  decide: (predicate: Predicate) => boolean = () => {
    throw new Error("A run asks for a verdict that the proof does not expect");
  };

  constructor(algebra: Algebra, memory: Uint8Array) {
    this.#algebra = algebra;
    this.#memory = memory;
    this.#bits = new Int32Array(8 * memory.length);
    this.#isSymbolic = new Uint8Array(memory.length);
  }

  place(at: number, bytes: readonly Byte[]): void {
    for (const [index, byte] of bytes.entries()) this.#storeByte(at + index, byte, 0);
  }

  byteAt(at: number): Byte {
    if (this.#isSymbolic[at]) return [...this.#bits.subarray(8 * at, 8 * at + 8)];
    return bitsOf(this.#memory[at]!).slice(0, 8);
  }

  load(at: number, bytes: number): Unknown | undefined {
    if (!this.#isSymbolic.subarray(at, at + bytes).includes(1)) return undefined;
    const type: Type = bytes === 16 ? "v128" : bytes === 8 ? "i64" : "i32";
    const bits = new Array<Bit>(widths[type]).fill(0);
    for (let byte = 0; byte < bytes; byte++) {
      if (this.#isSymbolic[at + byte]) {
        for (let bit = 0; bit < 8; bit++) bits[8 * byte + bit] = this.#bits[8 * (at + byte) + bit]!;
      } else {
        const known = this.#memory[at + byte]!;
        for (let bit = 0; bit < 8; bit++) bits[8 * byte + bit] = (known >> bit) & 1;
      }
    }
    return new Symbolic(type, bits);
  }

  #storeByte(at: number, bits: readonly Bit[], from: number): void {
    let [known, value] = [true, 0];
    for (let bit = 0; bit < 8; bit++) {
      const each = bits[from + bit]!;
      if (each < 0 || each > 1) known = false;
      else value |= each << bit;
      this.#bits[8 * at + bit] = each;
    }
    this.#isSymbolic[at] = known ? 0 : 1;
    if (known) this.#memory[at] = value;
  }

  store(at: number, bytes: number, value: Unknown): void {
    const bits = bitsOf(value);
    for (let byte = 0; byte < bytes; byte++) this.#storeByte(at + byte, bits, 8 * byte);
  }

  forget(at: number, bytes: number): void {
    this.#isSymbolic?.fill(0, at, at + bytes);
  }

  copy(to: number, from: number, bytes: number): void {
    this.#isSymbolic.copyWithin(to, from, from + bytes);
    this.#bits.copyWithin(8 * to, 8 * from, 8 * (from + bytes));
  }

  need(site: Site, need: Need, value: Unknown): Value {
    for (const bit of bitsOf(value)) {
      const where = this.#algebra.whereLost(bit);
      if (where) throw new LeftStandard(where);
    }
    throw new Error(`${site.name} in function ${site.function} needs a ${need} that is not known: ${bitsOf(value)}`);
  }

  apply(site: Site, operation: Operation, operands: readonly (Value | Unknown)[]): Value | Unknown {
    this.#algebra.place = placeOf(site);
    const { type, bits } = this.#result(site, operation, operands);
    if (bits.every(isKnown)) return knownValue(type, bits);
    if (!bits.includes(UNKNOWN)) return new Symbolic(type, bits);
    // Here, or before, the program stops computing what the standard does: a fault if it reaches a result or decides something. Lanes
    // that nothing uses may hold anything.
    const where = (from?: number) =>
      `${site.name}, ${described(placeOf(site))}${from === undefined ? "" : `, which takes what ${described(from)} made`}`;
    return new Symbolic(
      type,
      bits.map((bit, i) => (bit === UNKNOWN ? this.#algebra.lost(where, inByte(operands, i)) : bit)),
    );
  }

  #result(
    site: Site,
    operation: Operation,
    operands: readonly (Value | Unknown)[],
  ): { type: Type; bits: readonly Bit[] } {
    const { group, lane = 0 } = operation;
    const type = typeOf(operands[0]!);
    if (group === "move") return this.#move(site, operation, operands);
    const [a, b = [], c = []] = operands.map(bitsOf) as [readonly Bit[], (readonly Bit[])?, (readonly Bit[])?];
    if (group === "bits") return { type, bits: this.#bitwise(site.name, a, b, c) };
    if (group === "sum") return { type, bits: this.#sum(site.name, lane, a, b) };
    if (group === "lanes") return { type, bits: this.#compareLanes(site, operation, a, b) };
    if (group === "narrow") return { type, bits: narrowed(lane, a, b) };
    if (group === "test") return { type: "i32", bits: [this.#test(site.name, a, b), ...new Array<Bit>(31).fill(0)] };
    if (group === "look-up") return { type, bits: this.#lookUp(site.name, a, b) };
    return { type, bits: a.map(() => UNKNOWN) };
  }

  #move(site: Site, operation: Operation, operands: readonly (Value | Unknown)[]) {
    const { controls = [] } = operation;
    const key = `${site.name} ${site.immediates} ${controls.map((control) => operands[control])}`;
    const types = operands.map(typeOf);
    const zeros = operands.map((operand, index) =>
      controls.includes(index) ? (operand as Value) : zeroOf(types[index]!),
    );
    if (controls.some((control) => operands[control] instanceof Unknown))
      throw new Error(`${site.name} moves as a secret says`);
    const type = typeOf(evaluate(operation, zeros, site.immediates));
    let from = this.#moves.get(key);
    if (!from) {
      const places = new Array<number>(widths[type]).fill(-1);
      for (const [index, operandType] of types.entries()) {
        if (controls.includes(index)) continue;
        for (let bit = 0; bit < widths[operandType]; bit++) {
          const probe = zeros.with(index, oneBit(operandType, bit));
          for (const [to, one] of bitsOf(evaluate(operation, probe, site.immediates)).entries()) {
            if (one === 1) places[to] = 128 * index + bit;
          }
        }
      }
      from = places;
      this.#moves.set(key, from);
    }
    const sources = operands.map(bitsOf);
    return { type, bits: from.map((place) => (place < 0 ? 0 : sources[place >> 7]![place & 127]!)) };
  }

  #bitwise(name: string, a: readonly Bit[], b: readonly Bit[], c: readonly Bit[]): readonly Bit[] {
    const algebra = this.#algebra;
    if (name.endsWith(".xor")) return a.map((bit, i) => algebra.xor(bit, b[i]!));
    if (name.endsWith(".and")) return a.map((bit, i) => algebra.and(bit, b[i]!));
    if (name.endsWith(".or")) return a.map((bit, i) => algebra.or(bit, b[i]!));
    if (name.endsWith(".andnot")) return a.map((bit, i) => algebra.and(bit, algebra.not(b[i]!)));
    if (name.endsWith(".not")) return a.map((bit) => algebra.not(bit));
    return a.map((bit, i) => algebra.xor(b[i]!, algebra.and(c[i]!, algebra.xor(bit, b[i]!))));
  }

  /** A carry at a time; where that has no form, a sum with a constant is an operation of its own. */
  #sum(name: string, lane: number, a: readonly Bit[], b: readonly Bit[]): readonly Bit[] {
    const algebra = this.#algebra;
    const minus = name.endsWith("sub");
    const result: Bit[] = [];
    for (let from = 0; from < a.length; from += lane) {
      let carry: Bit = minus ? 1 : 0;
      for (let i = from; i < from + lane; i++) {
        const [x, y] = [a[i]!, minus ? algebra.not(b[i]!) : b[i]!];
        const half = algebra.xor(x, y);
        result.push(algebra.xor(half, carry));
        carry = algebra.xor(algebra.and(x, y), algebra.and(carry, half));
      }
    }
    if (lane !== 32 || a.length !== 32 || !result.includes(UNKNOWN)) return result;
    if (b.every(isKnown)) return algebra.increment(a, minus ? -valueOf32(b, 0) : valueOf32(b, 0));
    return a.every(isKnown) && !minus ? algebra.increment(b, valueOf32(a, 0)) : result;
  }

  #compareLanes(site: Site, operation: Operation, a: readonly Bit[], b: readonly Bit[]): readonly Bit[] {
    const { lane = 8 } = operation;
    const result: Bit[] = [];
    for (let from = 0; from < a.length; from += lane) {
      const [x, y] = [a.slice(from, from + lane), b.slice(from, from + lane)];
      if (x.every(isKnown) && y.every(isKnown)) {
        const padded = (bits: readonly Bit[]) =>
          knownValue(
            "v128",
            Array.from({ length: 128 }, (_, i) => bits[i] ?? 0),
          );
        result.push(...bitsOf(evaluate(operation, [padded(x), padded(y)], site.immediates)).slice(0, lane));
        continue;
      }
      const same = x.map((bit, i) => this.#algebra.not(this.#algebra.xor(bit, y[i]!)));
      const equal = same.reduce((all, bit) => this.#algebra.and(all, bit), 1);
      const name = site.name.split(".")[1];
      const bit = name === "eq" ? equal : name === "ne" ? this.#algebra.not(equal) : UNKNOWN;
      result.push(...new Array<Bit>(lane).fill(bit));
    }
    return result;
  }

  /** Whether any bit is 1: itself if it is the only one, else a verdict, which the proof decides. */
  #any(bits: readonly Bit[]): Bit {
    if (bits.includes(1)) return 1;
    const open = bits.filter((bit) => bit !== 0);
    if (open.length <= 1) return open[0] ?? 0;
    if (new Set(open).size === 1) return open[0]!;
    return this.decide(open) ? 1 : 0;
  }

  #test(name: string, a: readonly Bit[], b: readonly Bit[]): Bit {
    const test = name.split(".")[1]!;
    if (test === "any_true") return this.#any(a);
    if (test === "eqz") return this.#algebra.not(this.#any(a));
    const difference = a.map((bit, i) => this.#algebra.xor(bit, b[i] ?? 0));
    if (test === "ne") return this.#any(difference);
    if (test === "eq") return this.#algebra.not(this.#any(difference));
    return UNKNOWN;
  }

  #lookUp(name: string, table: readonly Bit[], index: readonly Bit[]): readonly Bit[] {
    const result: Bit[] = [];
    const isPublic = table.every(isKnown);
    const entries = isPublic
      ? Array.from({ length: 16 }, (_, i) => valueOf32([...table.slice(8 * i, 8 * i + 8), ...zeros24], 0))
      : [];
    const entry = (at: number): number | undefined => {
      if (at < 16) return entries[at];
      return at >= 128 || name === "i8x16.swizzle" ? 0 : undefined;
    };
    const key = `${name} ${entries}`;
    for (let lane = 0; lane < 16; lane++) {
      const bits = index.slice(8 * lane, 8 * lane + 8);
      if (bits.every(isKnown)) {
        const at = valueOf32([...bits, ...zeros24], 0);
        const outside = entry(at) === undefined && at >= 16 ? UNKNOWN : 0;
        result.push(...(at < 16 ? table.slice(8 * at, 8 * at + 8) : new Array<Bit>(8).fill(outside)));
      } else if (isPublic && !(isNibble(bits) && isAffine(entries)))
        result.push(...this.#algebra.lookUp({ key, entry }, bits));
      else result.push(...this.#lookUpSecret(table, bits));
    }
    return result;
  }

  /** A look-up in a table of bits by a nibble, both unknown: the table as a polynomial of the index's bits. */
  #lookUpSecret(table: readonly Bit[], index: readonly Bit[]): readonly Bit[] {
    const algebra = this.#algebra;
    if (!isNibble(index)) return new Array<Bit>(8).fill(UNKNOWN);
    return Array.from({ length: 8 }, (_, bit) => {
      const coefficients = Array.from({ length: 16 }, (_, entry) => table[8 * entry + bit]!);
      for (let step = 1; step < 16; step *= 2) {
        for (let at = 0; at < 16; at++) {
          if (at & step) coefficients[at] = algebra.xor(coefficients[at]!, coefficients[at ^ step]!);
        }
      }
      return coefficients.reduce((sum, coefficient, at) => {
        if (coefficient === 0) return sum;
        const used = [0, 1, 2, 3].filter((place) => (at >> place) & 1).map((place) => index[place]!);
        return algebra.xor(
          sum,
          used.reduce((product, each) => algebra.and(product, each), coefficient),
        );
      }, 0);
    });
  }
}

const isNibble = (index: readonly Bit[]): boolean => index.slice(4).every((bit) => bit === 0);

/** Whether a table of 16 bytes is linear in the index, but for a constant. */
const isAffine = (entries: readonly number[]): boolean =>
  entries.every((entry, at) => {
    const powers = [1, 2, 4, 8].filter((power) => at & power);
    return entry === powers.reduce((sum, power) => sum ^ entries[power]! ^ entries[0]!, entries[0]!);
  });

const zeros24 = new Array<Bit>(24).fill(0);

/** Lanes of half the width, where saturation cannot happen. */
function narrowed(lane: number, a: readonly Bit[], b: readonly Bit[]): readonly Bit[] {
  const result: Bit[] = [];
  for (const operand of [a, b]) {
    for (let from = 0; from < operand.length; from += lane) {
      const fits = operand.slice(from + lane / 2, from + lane).every((bit) => bit === 0);
      for (let bit = 0; bit < lane / 2; bit++) result.push(fits ? operand[from + bit]! : UNKNOWN);
    }
  }
  return result;
}
