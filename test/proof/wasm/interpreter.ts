// Runs a module's functions, instruction by instruction, over a domain.
import type { Instruction, ValueType, WasmFunction, WasmModule } from "./decode.ts";
import { type Domain, type Need, type Site, siteOf, Unknown } from "./domain.ts";
import { type Access, accesses } from "./memory-access.ts";
import { evaluate, type Operation, operations, type Value } from "./operations.ts";
import { fromBytes, readVector, type Vector, writeVector, ZERO } from "./vector.ts";

export type AnyValue = Value | Unknown;

/** What a step does, resolved once for each instruction. */
type Step =
  | { readonly do: "operation"; readonly operation: Operation; readonly site: Site }
  | { readonly do: "access"; readonly access: Access; readonly offset: number; readonly site: Site }
  | { readonly do: "get" | "set" | "tee"; readonly local: number }
  | { readonly do: "push"; readonly value: Value }
  | {
      readonly do: "block" | "loop" | "if";
      readonly end: number;
      readonly other: number;
      readonly arity: number;
      readonly site: Site;
    }
  | { readonly do: "else"; readonly end: number }
  | { readonly do: "br" | "br_if"; readonly depth: number; readonly site: Site }
  | { readonly do: "table"; readonly depths: readonly number[]; readonly site: Site }
  | { readonly do: "call"; readonly callee: number }
  | { readonly do: "end" | "return" | "drop" | "nop" }
  | { readonly do: "select" | "fill" | "copy" | "size"; readonly site: Site };

interface Label {
  /** Where a branch to it continues; a loop's label stays. */
  readonly target: number;
  readonly isLoop: boolean;
  readonly height: number;
  readonly arity: number;
}

/** What a function without a result does with its parameters. */
export type Summary = (parameters: readonly AnyValue[]) => void;

interface Linked {
  readonly source: WasmFunction;
  readonly steps: readonly Step[];
}

function constantOf({ name, immediates, long }: Instruction): Value | undefined {
  if (name === "i32.const") return immediates[0]!;
  if (name === "i64.const") return BigInt.asUintN(64, long!);
  if (name === "v128.const") return fromBytes(immediates);
  return undefined;
}

const controls: Readonly<Record<string, "select" | "fill" | "copy" | "size">> = {
  select: "select",
  "memory.fill": "fill",
  "memory.copy": "copy",
  "memory.size": "size",
};

function link(fn: number, at: number, instruction: Instruction): Step {
  const { name, immediates, type, end = 0, other = 0 } = instruction;
  const site = siteOf(fn, at, instruction);
  const operation = operations.get(name);
  if (operation) return { do: "operation", operation, site };
  const access = accesses.get(name);
  if (access) return { do: "access", access, offset: immediates[0]!, site };
  const value = constantOf(instruction);
  if (value !== undefined) return { do: "push", value };
  const control = controls[name];
  if (control) return { do: control, site };
  const [first = 0] = immediates;
  if (name === "local.get") return { do: "get", local: first };
  if (name === "local.set") return { do: "set", local: first };
  if (name === "local.tee") return { do: "tee", local: first };
  if (name === "block" || name === "loop" || name === "if") {
    if (type?.parameters.length) throw new Error("The proof does not know blocks that take operands");
    return { do: name, end, other, arity: name === "loop" ? 0 : type!.results.length, site };
  }
  if (name === "else") return { do: "else", end };
  if (name === "br" || name === "br_if") return { do: name, depth: first, site };
  if (name === "br_table") return { do: "table", depths: immediates, site };
  if (name === "call") return { do: "call", callee: first };
  if (name === "end" || name === "return" || name === "drop" || name === "nop") return { do: name };
  throw new Error(`The proof does not know ${name}`);
}

const zeros: Readonly<Record<ValueType, Value>> = { i32: 0, i64: 0n, f32: 0, f64: 0, v128: ZERO };

/** What ran, by function and instruction; of a conditional branch, which ways it went. */
export type Coverage = readonly Uint8Array[];
export const RAN = 1;
export const TAKEN = 2;
export const NOT_TAKEN = 4;

export const coverageOf = ({ functions }: WasmModule): Coverage =>
  functions.map(({ body }) => new Uint8Array(body.length));

export const memoryOf = ({ pages }: WasmModule): Uint8Array => new Uint8Array(65536 * pages);

export class Machine {
  readonly memory: Uint8Array;
  readonly #view: DataView;
  readonly #domain: Domain;
  readonly #module: WasmModule;
  readonly #functions: readonly Linked[];
  readonly #coverage: Coverage;
  readonly #summaries = new Map<number, Summary>();
  /** Instructions run so far. */
  count = 0;

  /** `memory` is the domain's, too: as many bytes as the module has. What runs is added to `coverage`. */
  constructor(module: WasmModule, domain: Domain, memory: Uint8Array, coverage = coverageOf(module)) {
    this.#coverage = coverage;
    this.#module = module;
    this.#domain = domain;
    this.memory = memory;
    this.#view = new DataView(this.memory.buffer);
    this.reset();
    this.#functions = module.functions.map((source) => ({
      source,
      steps: source.body.map((instruction, at) => link(source.index, at, instruction)),
    }));
  }

  /** From here on, calls of a function do what `summary` does instead. */
  summarize(index: number, summary: Summary): void {
    this.#summaries.set(index, summary);
  }

  /** Memory as in a new instance. */
  reset(): void {
    this.memory.fill(0);
    this.#domain.forget(0, this.memory.length);
    for (const { at, bytes } of this.#module.data) this.memory.set(bytes, at);
  }

  call(name: string, parameters: readonly Value[]): AnyValue | undefined {
    const index = this.#module.exports.get(name);
    if (index === undefined) throw new Error(`The module exports no ${name}`);
    return this.#run(this.#functions[index]!, [...parameters])[0];
  }

  #known(value: AnyValue, need: Need, site: Site): Value {
    if (value instanceof Unknown) return this.#domain.need(site, need, value);
    this.#domain.known?.(site, need, value);
    return value;
  }

  #address(value: AnyValue, site: Site, need: Need = "address"): number {
    return (this.#known(value, need, site) as number) >>> 0;
  }

  #operate(operation: Operation, site: Site, stack: AnyValue[]): AnyValue {
    const { operands } = operation;
    const c = operands > 2 ? stack.pop()! : 0;
    const b = operands > 1 ? stack.pop()! : 0;
    const a = stack.pop()!;
    if (a instanceof Unknown || b instanceof Unknown || c instanceof Unknown) {
      return this.#domain.apply(site, operation, [a, b, c].slice(0, operands));
    }
    return operation.run(a, b, c, site.immediates);
  }

  #readKnown(at: number, bytes: number): Value {
    const view = this.#view;
    if (bytes === 16) return readVector(view, at);
    if (bytes === 8) return view.getBigUint64(at, true);
    if (bytes === 4) return view.getInt32(at, true);
    return bytes === 2 ? view.getUint16(at, true) : view.getUint8(at);
  }

  #store(at: number, bytes: number, value: AnyValue): void {
    const view = this.#view;
    if (at + bytes > this.memory.length) throw new Error(`A store to ${at} is outside of memory`);
    if (value instanceof Unknown) {
      this.#domain.store(at, bytes, value);
      return;
    }
    this.#domain.forget(at, bytes);
    if (bytes === 16) writeVector(view, at, value as Vector);
    else if (bytes === 8) view.setBigUint64(at, value as bigint, true);
    else {
      const word = typeof value === "bigint" ? Number(BigInt.asIntN(32, value)) : (value as number);
      if (bytes === 4) view.setInt32(at, word, true);
      else if (bytes === 2) view.setInt16(at, word, true);
      else view.setInt8(at, word);
    }
  }

  #access({ bytes, isStore, steps, lane }: Access, offset: number, site: Site, stack: AnyValue[]): void {
    let value = isStore || lane ? stack.pop()! : undefined;
    const at = this.#address(stack.pop()!, site) + offset;
    const convert = ({ name, operation }: Access["steps"][number], operands: readonly AnyValue[]): AnyValue => {
      const immediates = lane ? [site.immediates[1]!] : [0];
      if (operands.some((operand) => operand instanceof Unknown)) {
        return this.#domain.apply({ ...site, name, immediates }, operation, operands);
      }
      return evaluate(operation, operands as readonly Value[], immediates);
    };
    if (isStore) {
      for (const step of steps) value = convert(step, [value!]);
      this.#store(at, bytes, value!);
      return;
    }
    if (at + bytes > this.memory.length) throw new Error(`A load from ${at} is outside of memory`);
    let loaded: AnyValue = this.#domain.load(at, bytes) ?? this.#readKnown(at, bytes);
    for (const step of steps) {
      loaded = convert(step, step.operation.operands === 2 ? [value ?? ZERO, loaded] : [loaded]);
    }
    stack.push(loaded);
  }

  #fill(site: Site, stack: AnyValue[]): void {
    const length = this.#address(stack.pop()!, site, "length");
    const value = stack.pop()!;
    const at = this.#address(stack.pop()!, site);
    for (let i = 0; i < length; i++) this.#store(at + i, 1, value);
  }

  #copy(site: Site, stack: AnyValue[]): void {
    const length = this.#address(stack.pop()!, site, "length");
    const from = this.#address(stack.pop()!, site);
    const to = this.#address(stack.pop()!, site);
    this.memory.copyWithin(to, from, from + length);
    this.#domain.copy(to, from, length);
  }

  /** One function; returns its results. */
  #run({ source, steps }: Linked, parameters: AnyValue[]): AnyValue[] {
    const locals: AnyValue[] = [...parameters, ...source.locals.map((type) => zeros[type])];
    const stack: AnyValue[] = [];
    const labels: Label[] = [];
    const ran = this.#coverage[source.index]!;
    let at = 0;
    const branch = (depth: number) => {
      if (depth === labels.length) {
        at = steps.length;
        return;
      }
      const label = labels[labels.length - 1 - depth]!;
      const kept = stack.splice(stack.length - label.arity);
      stack.length = label.height;
      stack.push(...kept);
      labels.length -= label.isLoop ? depth : depth + 1;
      at = label.target;
    };
    while (at < steps.length) {
      const step = steps[at]!;
      ran[at]! |= RAN;
      at += 1;
      this.count += 1;
      switch (step.do) {
        case "get":
          stack.push(locals[step.local]!);
          break;
        case "set":
          locals[step.local] = stack.pop()!;
          break;
        case "tee":
          locals[step.local] = stack[stack.length - 1]!;
          break;
        case "push":
          stack.push(step.value);
          break;
        case "operation":
          stack.push(this.#operate(step.operation, step.site, stack));
          break;
        case "access":
          this.#access(step.access, step.offset, step.site, stack);
          break;
        case "loop":
          labels.push({ target: at, isLoop: true, height: stack.length, arity: 0 });
          break;
        case "block":
          labels.push({ target: step.end + 1, isLoop: false, height: stack.length, arity: step.arity });
          break;
        case "if": {
          const goes = this.#known(stack.pop()!, "branch", step.site) !== 0;
          ran[at - 1]! |= goes ? TAKEN : NOT_TAKEN;
          if (!goes && !step.other) {
            at = step.end + 1;
            break;
          }
          labels.push({ target: step.end + 1, isLoop: false, height: stack.length, arity: step.arity });
          if (!goes) at = step.other + 1;
          break;
        }
        case "else":
          labels.pop();
          at = step.end + 1;
          break;
        case "end":
          labels.pop();
          break;
        case "br":
          branch(step.depth);
          break;
        case "br_if": {
          const goes = this.#known(stack.pop()!, "branch", step.site) !== 0;
          ran[at - 1]! |= goes ? TAKEN : NOT_TAKEN;
          if (goes) branch(step.depth);
          break;
        }
        case "table": {
          const index = this.#address(stack.pop()!, step.site, "target");
          branch(step.depths[Math.min(index, step.depths.length - 1)]!);
          break;
        }
        case "return":
          at = steps.length;
          break;
        case "drop":
          stack.pop();
          break;
        case "call": {
          const callee = this.#functions[step.callee]!;
          const taken = stack.splice(stack.length - callee.source.type.parameters.length);
          const summary = this.#summaries.get(step.callee);
          if (summary) summary(taken);
          else stack.push(...this.#run(callee, taken));
          break;
        }
        case "select": {
          const first = this.#known(stack.pop()!, "select", step.site) !== 0;
          const other = stack.pop()!;
          if (!first) stack[stack.length - 1] = other;
          break;
        }
        case "fill":
          this.#fill(step.site, stack);
          break;
        case "copy":
          this.#copy(step.site, stack);
          break;
        case "size":
          stack.push(this.memory.length / 65536);
          break;
      }
    }
    return stack.splice(stack.length - source.type.results.length);
  }
}
