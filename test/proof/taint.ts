// The taint domain: for each bit whether it may depend on a secret. A run with one secret then speaks for all of them: as long as
// nothing that the machine needs depends on a secret, it takes the same way for every other secret, and a bit that is not marked
// has the same value.
//
// A value that is partly secret carries its bits for the secret at hand, so that a run can go on after a finding, and after a
// verdict is given away; what is marked never follows from them.
import { type Domain, type Need, type Site, Unknown } from "./wasm/domain.ts";
import { evaluate, type Operation, operations, type Value } from "./wasm/operations.ts";
import {
  eachLane,
  eachLong,
  isZero,
  ONES,
  readVector,
  toBytes,
  type Vector,
  type Width,
  writeVector,
} from "./wasm/vector.ts";

/** A value and which of its bits are secret: at least one. */
class Tainted extends Unknown {
  readonly kind = "tainted";
  readonly value: Value;
  readonly secret: Value;
  /** Whether it is a function of public values and of the result of one kind of instruction: that instruction's name. */
  readonly verdictOf: string | undefined;

  constructor(value: Value, secret: Value, verdictOf?: string) {
    super();
    this.value = value;
    this.secret = secret;
    this.verdictOf = verdictOf;
  }
}

/** The bits of an index of a relaxed swizzle for which the result is up to the host, unless the top bit is set. */
const UP_TO_HOST = { w0: 0x70707070, w1: 0x70707070, w2: 0x70707070, w3: 0x70707070 };

/** A place where something secret became observable: `factor` in a multiplication, `host` in what a host may do as it likes. */
export interface Finding {
  readonly need: Need | "factor" | "host";
  readonly site: Site;
  /** Which instruction the value comes from alone, if there is one. */
  readonly verdictOf: string | undefined;
}

const run = (name: string, ...operands: Value[]): Value => evaluate(operations.get(name)!, operands);

const isPublic = (secret: Value): boolean =>
  typeof secret === "object" ? isZero(secret) : secret === 0 || secret === 0n;

const typeOf = (value: Value): "i32" | "i64" | "v128" =>
  typeof value === "number" ? "i32" : typeof value === "bigint" ? "i64" : "v128";

const nothing = (value: Value): Value =>
  typeof value === "number" ? 0 : typeof value === "bigint" ? 0n : { w0: 0, w1: 0, w2: 0, w3: 0 };

const everything = (like: Value): Value =>
  typeof like === "number" ? -1 : typeof like === "bigint" ? 2n ** 64n - 1n : ONES;

const join = (a: Value, b: Value): Value => run(`${typeOf(a)}.or`, a, b);
const meet = (a: Value, b: Value): Value => run(`${typeOf(a)}.and`, a, b);
const without = (a: Value, b: Value): Value => meet(a, run(`${typeOf(b)}.xor`, b, everything(b)));

/** In each lane, all bits from the lowest marked one up: where a carry may reach. */
function upward(secret: Value, lane: number): Value {
  if (typeof secret === "number") return secret | -secret;
  if (typeof secret === "bigint") return BigInt.asUintN(64, secret | -secret);
  if (lane === 64) return eachLong(secret, secret, (bits) => bits | -bits);
  return eachLane(lane as Width, secret, secret, (bits) => bits | -bits);
}

/** In each lane, all bits if one is marked. */
function whole(secret: Value, lane: number): Value {
  const vector = secret as Vector;
  if (lane === 64) return eachLong(vector, vector, (bits) => (bits === 0n ? 0n : -1n));
  return eachLane(lane as Width, vector, vector, (bits) => (bits === 0 ? 0 : -1));
}

/** In each lane, all bits if one in its upper half is marked: then saturation may depend on it. */
function saturated(secret: Value, lane: number): Value {
  const vector = secret as Vector;
  return eachLane(lane as Width, vector, vector, (bits) => (bits >>> (lane / 2) ? 2 ** (lane / 2) - 1 : bits));
}

/** What is secret of `and`, `or` and their kin: a bit that is public and decides alone makes the result public. */
function ofBits(name: string, values: readonly Value[], secrets: readonly Value[]): Value {
  const [a, b] = values as [Value, Value];
  const [s, t] = secrets as [Value, Value];
  const either = join(s, t ?? s);
  if (name.endsWith(".xor") || name.endsWith(".not")) return either;
  const [zeroA, zeroB] = [without(everything(a), join(a, s)), b === undefined ? a : without(everything(b), join(b, t))];
  if (name.endsWith(".and")) return without(without(either, zeroA), zeroB);
  if (name.endsWith(".or")) return without(without(either, without(a, s)), without(b, t));
  if (name.endsWith(".andnot")) return without(without(either, zeroA), without(b, t));
  return join(either, secrets[2]!);
}

/** A look-up in a public table gives bits that some entry has, or zeros. */
function ofLookUp(site: Site, [table, index]: [Vector, Vector], [secret, by]: [Vector, Vector]): Value {
  if (isZero(by)) return run(site.name, secret, index);
  if (!isZero(secret)) return ONES;
  const bits = toBytes(table).reduce((all, byte) => all | byte, 0);
  return eachLane(8, by, by, (lane) => (lane === 0 ? 0 : bits));
}

export class Taint implements Domain {
  readonly findings: Finding[] = [];
  readonly #known: DataView;
  /** A byte for each of memory, with the bits that are secret. */
  readonly secret: Uint8Array;
  readonly #view: DataView;

  constructor(memory: Uint8Array) {
    this.#known = new DataView(memory.buffer);
    this.secret = new Uint8Array(memory.length);
    this.#view = new DataView(this.secret.buffer);
  }

  #find(need: Finding["need"], site: Site, { verdictOf }: Tainted): void {
    this.findings.push({ need, site, verdictOf });
  }

  need(site: Site, need: Need, unknown: Unknown): Value {
    const value = unknown as Tainted;
    this.#find(need, site, value);
    return value.value;
  }

  apply(site: Site, operation: Operation, operands: readonly (Value | Unknown)[]): Value | Unknown {
    const values = operands.map((operand) => (operand instanceof Tainted ? operand.value : (operand as Value)));
    const secrets = operands.map((operand) =>
      operand instanceof Tainted ? operand.secret : nothing(operand as Value),
    );
    const value = evaluate(operation, values, site.immediates);
    for (const control of operation.controls ?? []) {
      const operand = operands[control];
      if (operand instanceof Tainted) this.#find("select", site, operand);
    }
    const index = operands[1];
    if (
      site.name === "i8x16.relaxed_swizzle" &&
      index instanceof Tainted &&
      !isZero(meet(index.secret, UP_TO_HOST) as Vector)
    ) {
      this.#find("host", site, index);
    }
    if (site.name.endsWith(".mul")) {
      for (const operand of operands) if (operand instanceof Tainted) this.#find("factor", site, operand);
    }
    const secret = this.#secretOf(site, operation, values, secrets, value);
    return isPublic(secret) ? value : new Tainted(value, secret, verdictOf(site, operands));
  }

  #secretOf(
    site: Site,
    operation: Operation,
    values: readonly Value[],
    secrets: readonly Value[],
    value: Value,
  ): Value {
    const { group, lane = 0 } = operation;
    const either = () => secrets.reduce(join);
    if (group === "bits") return ofBits(site.name, values, secrets);
    // A control is public here: the bits go where it says.
    const moved = (parts: readonly Value[]) =>
      evaluate(
        operation,
        parts.map((part, index) => (operation.controls?.includes(index) ? values[index]! : part)),
        site.immediates,
      );
    if (group === "move") return moved(secrets);
    if (group === "sum") return upward(either(), lane);
    if (group === "lanes") return whole(either(), lane);
    if (group === "narrow") return moved(secrets.map((secret) => saturated(secret, lane)));
    if (group === "test") return 1;
    if (group === "look-up") return ofLookUp(site, values as [Vector, Vector], secrets as [Vector, Vector]);
    return everything(value);
  }

  load(at: number, bytes: number): Tainted | undefined {
    const [view, known] = [this.#view, this.#known];
    if (bytes === 16) {
      const secret = readVector(view, at);
      return isZero(secret) ? undefined : new Tainted(readVector(known, at), secret);
    }
    if (bytes === 8) {
      const secret = view.getBigUint64(at, true);
      return secret === 0n ? undefined : new Tainted(known.getBigUint64(at, true), secret);
    }
    const read = (from: DataView) =>
      bytes === 4 ? from.getInt32(at, true) : bytes === 2 ? from.getUint16(at, true) : from.getUint8(at);
    const secret = read(view);
    return secret === 0 ? undefined : new Tainted(read(known), secret);
  }

  store(at: number, bytes: number, unknown: Unknown): void {
    const { value, secret } = unknown as Tainted;
    this.#write(this.#known, at, bytes, value);
    this.#write(this.#view, at, bytes, secret);
  }

  #write(view: DataView, at: number, bytes: number, value: Value): void {
    if (typeof value === "object") {
      writeVector(view, at, value);
      return;
    }
    const long = BigInt(value);
    for (let i = 0; i < bytes; i++) view.setUint8(at + i, Number((long >> BigInt(8 * i)) & 255n));
  }

  forget(at: number, bytes: number): void {
    this.secret.fill(0, at, at + bytes);
  }

  copy(to: number, from: number, bytes: number): void {
    this.secret.copyWithin(to, from, from + bytes);
  }
}

/** The instruction whose result alone makes a value secret. */
function verdictOf(site: Site, operands: readonly (Value | Unknown)[]): string | undefined {
  if (site.name.endsWith("any_true")) return site.name;
  const names = new Set(operands.filter((operand) => operand instanceof Tainted).map((operand) => operand.verdictOf));
  return names.size === 1 ? [...names][0] : undefined;
}

/** The value at hand of a result. */
export const valueAtHand = (result: Value | Unknown): Value =>
  result instanceof Tainted ? result.value : (result as Value);
