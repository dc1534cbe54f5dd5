// Rewrites a module so that it records what an observer of its timing could learn: every function entered, every turn of a
// loop, every decision of a branch or select, every address and length that memory is accessed with, and what is multiplied,
// because small processors multiply small numbers faster. The events are not kept but chained into a hash, by code in the
// module itself: a trace of a hundred million events costs no memory.
//
// Binaryen's own passes (instrument-memory, log-execution) are not enough: they see neither which way an `if` or a select
// goes, nor memory.copy and memory.fill, nor vector loads that splat, widen or fill a lane. Where they do see, they check this
// one (instrument.test.ts).
import binaryen from "binaryen";
import { type Expression, head, parse, print } from "./s-expression.ts";

/** A place in the program that records events. */
export interface Site {
  readonly kind: "enter" | "turn" | "decision" | "address" | "operand";
  readonly instruction: string;
  /** As Binaryen names it: its number, unless the module has names. */
  readonly function: string;
}

export interface Instrumented {
  readonly bytes: Uint8Array;
  readonly sites: readonly Site[];
}

/** Parts of an instruction that are not its operands. */
const annotations = ["type", "param", "result", "then", "else", "local"];

/** Instructions that are slower for some operands than for others on common processors; and multiplications of 64 bits, which
 * are on small ones, and of which there are none. */
const variableTime = /\.(div|rem)(_[su])?$|\.sqrt$|^i64\.mul$/;

const addressed = /^(i32|i64|f32|f64|v128)\.(load|store)/;

/** Which operands of an instruction an observer may learn, by their places, and what they are. */
function observed(instruction: string, operands: number): { kind: Site["kind"]; places: number[] } | undefined {
  const last = operands - 1;
  if (instruction === "if") return { kind: "decision", places: [0] };
  if (instruction === "br_if" || instruction === "select") return { kind: "decision", places: [last] };
  if (instruction === "br_table" || instruction === "call_indirect") return { kind: "address", places: [last] };
  if (instruction === "i32.mul") return { kind: "operand", places: [0, 1] };
  if (addressed.test(instruction)) return { kind: "address", places: [0] };
  if (instruction === "memory.fill") return { kind: "address", places: [0, 2] };
  if (instruction === "memory.copy" || instruction === "memory.init") return { kind: "address", places: [0, 1, 2] };
  if (variableTime.test(instruction)) throw new Error(`${instruction} takes a time that depends on its operands`);
  if (instruction === "memory.grow")
    throw new Error("memory.grow would leave traces without the memory they start with");
  return undefined;
}

/** What the rewritten module records with. `trace:limit` stops it early, so that the first difference can be searched for. */
const recorder = `
  (global $trace.limit (mut i64) (i64.const 0))
  (global $trace.count (mut i64) (i64.const 0))
  (global $trace.last (mut i64) (i64.const 0))
  (global $trace.hash (mut i64) (i64.const 0))
  (export "trace:limit" (global $trace.limit))
  (export "trace:count" (global $trace.count))
  (export "trace:last" (global $trace.last))
  (export "trace:hash" (global $trace.hash))
  (func $trace.record (param $site i32) (param $value i32)
    (if (i64.ge_u (global.get $trace.count) (global.get $trace.limit)) (then (return)))
    (global.set $trace.count (i64.add (global.get $trace.count) (i64.const 1)))
    (global.set $trace.last (i64.or
      (i64.shl (i64.extend_i32_u (local.get $site)) (i64.const 32))
      (i64.extend_i32_u (local.get $value))))
    (global.set $trace.hash (i64.mul
      (i64.xor (global.get $trace.hash) (global.get $trace.last)) (i64.const 0x9e3779b97f4a7c15)))
    (global.set $trace.hash (i64.xor
      (global.get $trace.hash) (i64.shr_u (global.get $trace.hash) (i64.const 29)))))
  (func $trace.address (param $value i32) (param $site i32) (result i32)
    (call $trace.record (local.get $site) (local.get $value))
    (local.get $value))
  (func $trace.operand (param $value i32) (param $site i32) (result i32)
    (call $trace.address (local.get $value) (local.get $site)))
  (func $trace.decision (param $value i32) (param $site i32) (result i32)
    (call $trace.record (local.get $site) (i32.ne (local.get $value) (i32.const 0)))
    (local.get $value))`;

class Rewriting {
  readonly sites: Site[] = [];
  #function = "";

  #site(kind: Site["kind"], instruction: string): Expression {
    this.sites.push({ kind, instruction, function: this.#function });
    return ["i32.const", String(this.sites.length - 1)];
  }

  #passing(kind: Site["kind"], instruction: string): Expression {
    return ["call", "$trace.record", this.#site(kind, instruction), ["i32.const", "0"]];
  }

  rewriteFunction(definition: readonly Expression[]): Expression {
    this.#function = String(definition[1]);
    return this.#withEntry("enter", definition);
  }

  /** A function or loop that records whenever control comes to its first instruction. */
  #withEntry(kind: "enter" | "turn", list: readonly Expression[]): Expression {
    const isBody = (part: Expression) => Array.isArray(part) && !annotations.includes(head(part) ?? "");
    const body = list.findIndex(isBody);
    const start = body < 0 ? list.length : body;
    const passing = this.#passing(kind, String(list[0]));
    return [...list.slice(0, start), passing, ...list.slice(start).map((part) => this.#rewrite(part))];
  }

  #rewrite(expression: Expression): Expression {
    if (!Array.isArray(expression)) return expression;
    const instruction = head(expression) ?? "";
    if (instruction === "loop") return this.#withEntry("turn", expression);
    const isOperand = (part: Expression) => Array.isArray(part) && !annotations.includes(head(part) ?? "");
    const operands = [...expression.keys()].filter((index) => isOperand(expression[index] ?? ""));
    const seen = observed(instruction, operands.length);
    const wrapped = new Set(seen?.places.map((place) => operands[place]));
    return expression.map((part, index) => {
      const inner = this.#rewrite(part);
      if (!seen || !wrapped.has(index)) return inner;
      return ["call", `$trace.${seen.kind}`, inner, this.#site(seen.kind, instruction)];
    });
  }
}

/** Whether instances differ from one another but in their memory: a harness that only resets memory would be wrong. */
function isMutableGlobal(field: Expression): boolean {
  return head(field) === "global" && Array.isArray(field) && field.some((part) => head(part) === "mut");
}

export function instrument(code: Uint8Array): Instrumented {
  const source = binaryen.readBinary(code);
  source.setFeatures(binaryen.Features.All);
  const [module] = parse(source.emitText());
  source.dispose();
  if (!Array.isArray(module)) throw new Error("The module has no text");
  if (module.some(isMutableGlobal)) throw new Error("The module has a mutable global, which no reset would reach");
  const rewriting = new Rewriting();
  const fields = module.map((field) =>
    Array.isArray(field) && head(field) === "func" ? rewriting.rewriteFunction(field) : print(field),
  );
  const target = binaryen.parseText(print([...fields, ...parse(recorder)]));
  target.setFeatures(binaryen.Features.All);
  if (!target.validate()) throw new Error("The instrumented module is not valid");
  const bytes = target.emitBinary();
  target.dispose();
  return { bytes, sites: rewriting.sites };
}
