import binaryen from "binaryen";
import { expect, test } from "vitest";
import { blockModeScenarios } from "./block-mode-scenarios.ts";
import { builds, wholeEngine } from "./compile.ts";
import { gcmScenarios } from "./gcm-scenarios.ts";
import { instrument } from "./instrument.ts";
import { EngineCalls } from "./scenario.ts";
import { secretOf } from "./secret.ts";
import { type Callable, TracedModule } from "./trace.ts";

// The harness itself: that it sees every way in which an instruction can give a secret away, and changes nothing.

/** A module with one function of a secret, which is not negative and below 256. */
function moduleOf(body: string): Uint8Array {
  const module = binaryen.parseText(`(module
    (memory (export "memory") 1)
    (table 2 funcref)
    (elem (i32.const 0) $same $same)
    (func $same (param i32) (result i32) (local.get 0))
    (func (export "f") (param $s i32) (result i32) ${body}))`);
  module.setFeatures(binaryen.Features.All);
  if (!module.validate()) throw new Error(`Not valid: ${body}`);
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}

/** The trace of a call of `f`, with its secret in memory too. */
function traced(module: TracedModule, secret: number): string {
  const work = () => {
    module.memory[64] = secret;
    module.functions.f?.(secret);
  };
  const { hash, count } = module.trace(work);
  return `${hash} ${count}`;
}

const zeros = "(v128.const i64x2 0 0)";

test.each([
  [
    "a branch without memory access",
    "(if (result i32) (i32.and (local.get $s) (i32.const 1)) (then (i32.const 3)) (else (i32.const 4)))",
  ],
  ["a branch with one arm", "(if (local.get $s) (then (local.set $s (i32.const 5)))) (local.get $s)"],
  ["a branch on a byte in memory", "(if (i32.load8_u (i32.const 64)) (then (nop))) (i32.const 0)"],
  ["a conditional jump", "(block $out (br_if $out (local.get $s)) (local.set $s (i32.const 1))) (i32.const 0)"],
  [
    "a conditional jump with a value",
    "(block $out (result i32) (drop (br_if $out (i32.const 1) (local.get $s))) (i32.const 2))",
  ],
  ["a jump through a table", "(block $a (block $b (br_table $a $b (local.get $s)))) (i32.const 0)"],
  ["a jump through a table, to the same place", "(block $a (br_table $a $a (local.get $s))) (i32.const 0)"],
  ["a select", "(select (i32.const 1) (i32.const 2) (i32.and (local.get $s) (i32.const 1)))"],
  ["a select of vectors", `(i32x4.extract_lane 0 (select (result v128) ${zeros} ${zeros} (local.get $s)))`],
  [
    "how often a loop turns",
    "(loop $l (local.set $s (i32.sub (local.get $s) (i32.const 1))) (br_if $l (i32.gt_s (local.get $s) (i32.const 0)))) (i32.const 0)",
  ],
  [
    "which function is called",
    "(call_indirect (param i32) (result i32) (i32.const 0) (i32.and (local.get $s) (i32.const 1)))",
  ],
  ["an early return", "(if (i32.eq (local.get $s) (i32.const 7)) (then (return (i32.const 1)))) (i32.const 0)"],
  ["a load's address", "(i32.load8_u (local.get $s))"],
  ["a wide load's address", "(i32.wrap_i64 (i64.load offset=8 (local.get $s)))"],
  ["a vector load's address", "(i32x4.extract_lane 0 (v128.load (local.get $s)))"],
  ["a splat's address", "(i32x4.extract_lane 0 (v128.load8_splat (local.get $s)))"],
  ["a lane load's address", `(i32x4.extract_lane 0 (v128.load8_lane 3 (local.get $s) ${zeros}))`],
  ["a widening load's address", "(i32x4.extract_lane 0 (v128.load8x8_u (local.get $s)))"],
  ["a store's address", "(i32.store8 (local.get $s) (i32.const 1)) (i32.const 0)"],
  ["a vector store's address", `(v128.store (local.get $s) ${zeros}) (i32.const 0)`],
  ["a lane store's address", `(v128.store8_lane 0 (local.get $s) ${zeros}) (i32.const 0)`],
  ["where memory.fill writes", "(memory.fill (local.get $s) (i32.const 0) (i32.const 4)) (i32.const 0)"],
  ["how much memory.fill writes", "(memory.fill (i32.const 0) (i32.const 0) (local.get $s)) (i32.const 0)"],
  ["where memory.copy writes", "(memory.copy (local.get $s) (i32.const 0) (i32.const 4)) (i32.const 0)"],
  ["where memory.copy reads", "(memory.copy (i32.const 0) (local.get $s) (i32.const 4)) (i32.const 0)"],
  ["how much memory.copy copies", "(memory.copy (i32.const 0) (i32.const 99) (local.get $s)) (i32.const 0)"],
  ["a multiplication", "(i32.mul (i32.const 3) (local.get $s))"],
  ["an address within a stored value", "(i32.store (i32.const 0) (i32.load8_u (local.get $s))) (i32.const 0)"],
])("seen: %s", (_, body) => {
  const module = new TracedModule(moduleOf(body));
  expect(traced(module, 7)).toBe(traced(module, 7));
  expect(traced(module, 7)).not.toBe(traced(module, 0));
});

test.each([
  ["arithmetic", "(i32.add (i32.xor (local.get $s) (i32.const 9)) (i32.rotl (local.get $s) (i32.const 3)))"],
  ["a stored value", "(i32.store (i32.const 0) (local.get $s)) (i32.const 0)"],
  ["the byte that memory.fill fills with", "(memory.fill (i32.const 0) (local.get $s) (i32.const 4)) (i32.const 0)"],
  [
    "a vector's shuffle",
    "(i8x16.extract_lane_u 0 (i8x16.swizzle (v128.load (i32.const 64)) (i8x16.splat (local.get $s))))",
  ],
  ["a branch on something public", "(if (i32.load8_u (i32.const 65)) (then (unreachable))) (local.get $s)"],
])("not held against it: %s", (_, body) => {
  const module = new TracedModule(moduleOf(body));
  expect(traced(module, 7)).toBe(traced(module, 0));
});

test.each(["i32.div_u", "i32.div_s", "i32.rem_u", "i32.rem_s"])(
  "refused: %s, whose time depends on its operands",
  (division) => {
    const code = moduleOf(`(${division} (local.get $s) (i32.const 3))`);
    expect(() => instrument(code)).toThrow(division);
  },
);

test("refused: a module that grows its memory", () => {
  expect(() => instrument(moduleOf("(memory.grow (i32.const 1))"))).toThrow("memory.grow");
});

test("refused: a global that a trace could leave changed", () => {
  const module = binaryen.parseText(`(module (memory (export "memory") 1) (global $g (mut i32) (i32.const 0))
    (func (export "f") (global.set $g (i32.const 1))))`);
  expect(() => instrument(module.emitBinary())).toThrow("mutable global");
});

/** How many places Binaryen's own pass finds where memory is read and written. */
function accessesSeenByBinaryen(code: Uint8Array): number {
  const module = binaryen.readBinary(code);
  module.setFeatures(binaryen.Features.All);
  module.runPasses(["instrument-memory"]);
  const calls = module.emitText().match(/\(call \$(load|store)_ptr/g) ?? [];
  module.dispose();
  return calls.length;
}

/** Those it has no eye for: vector loads that splat, widen or fill a lane, and lane stores. */
const unseenByBinaryen = /^v128\.(load|store)\d/;

test.each(builds)("%s: every load and store that Binaryen instruments is seen, and the others too", (build) => {
  const code = wholeEngine(build);
  const accesses = instrument(code).sites.filter(({ instruction }) => /\.(load|store)/.test(instruction));
  const others = accesses.filter(({ instruction }) => unseenByBinaryen.test(instruction));
  expect(accesses.length - others.length).toBe(accessesSeenByBinaryen(code));
  expect(accesses.length).toBeGreaterThan(500);
});

function shipped(code: Uint8Array): Callable {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(code)));
  if (!(exports.memory instanceof WebAssembly.Memory)) throw new Error("The module exports no memory");
  return { functions: { ...exports } as Callable["functions"], memory: new Uint8Array(exports.memory.buffer) };
}

test("the instrumented engine gives the same results as the shipped one", () => {
  const code = wholeEngine("plain");
  const [traced, plain] = [new TracedModule(code), shipped(code)];
  const initial = plain.memory.slice();
  for (const cipher of [
    { cipher: "aes", keyLength: 32 },
    { cipher: "sm4", keyLength: 16 },
  ] as const) {
    for (const scenario of [...blockModeScenarios(cipher), ...gcmScenarios(cipher, false)]) {
      plain.memory.set(initial);
      const run = (on: Callable) => scenario.run(new EngineCalls(on), secretOf("same", 9));
      const expected = run(plain);
      let verdict: number | undefined;
      traced.trace(() => {
        verdict = run(traced);
      });
      expect([verdict, Buffer.compare(traced.memory, plain.memory)], scenario.name).toEqual([expected, 0]);
    }
  }
});
