// The scenarios of the traces on the engine as V8 compiles it, in both of its tiers: what a scenario writes is secret unless it
// declares it public.
import { readFileSync } from "node:fs";
import v8 from "node:v8";
import { ciphers, scenariosOf } from "../../constant-time/every-scenario.ts";
import { memoryScenarios } from "../../constant-time/memory-scenarios.ts";
import { EngineCalls, isPublic, type Scenario } from "../../constant-time/scenario.ts";
import { secretOf } from "../../constant-time/secret.ts";
import { declassified } from "../declassified.ts";
import type { Memcheck } from "./memcheck.ts";
import type { Watch } from "./watch.ts";

export type Tier = "liftoff" | "turbofan";

const tierFlags: Readonly<Record<Tier, readonly string[]>> = {
  liftoff: ["--liftoff", "--no-wasm-tier-up", "--no-wasm-dynamic-tiering", "--no-wasm-lazy-compilation"],
  // Without the first tier there is no feedback by which to inline, which Node 26 takes for granted.
  turbofan: [
    "--no-liftoff",
    "--no-wasm-inlining",
    "--no-wasm-tier-up",
    "--no-wasm-dynamic-tiering",
    "--no-wasm-lazy-compilation",
  ],
};

type Functions = Record<string, (...parameters: number[]) => number>;

/** The modules' files by the names under which others import them. */
export type Parts = Readonly<Record<string, string>>;

/** Instances of the modules, compiled by one tier. */
export function instantiate(parts: Parts, tier: Tier): { functions: Functions; memory: Uint8Array } {
  for (const flag of tierFlags[tier]) v8.setFlagsFromString(flag);
  const namespaces: Record<string, WebAssembly.Exports> = {};
  const functions: Functions = {};
  let memory: Uint8Array | undefined;
  for (const [as, file] of Object.entries(parts)) {
    // V8 shares the code of equal modules. A custom section, which says nothing, makes them different.
    const bytes = Uint8Array.from([...readFileSync(file), 0, 2, 1, tier.charCodeAt(0)]);
    if (!WebAssembly.validate(bytes)) v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), namespaces);
    namespaces[as] = exports;
    for (const [name, value] of Object.entries(exports)) {
      if (value instanceof WebAssembly.Memory) memory ??= new Uint8Array(value.buffer);
      if (typeof value === "function") functions[name] = value as Functions[string];
    }
  }
  if (!memory) throw new Error("The program exports no memory");
  return { functions, memory };
}

class WatchedCalls extends EngineCalls {
  readonly #memcheck: Memcheck;
  /** Verdicts that were given away, or may have been. */
  verdicts = 0;

  constructor(engine: { functions: Functions; memory: Uint8Array }, memcheck: Memcheck) {
    super(engine);
    this.#memcheck = memcheck;
  }

  override write(at: number, bytes: Uint8Array): void {
    super.write(at, bytes);
    if (!isPublic(bytes)) this.#memcheck.secret(this.memory.subarray(at, at + bytes.length));
  }

  override call(name: string, ...parameters: number[]): number {
    // `this` is not complete while the constructor of the base asks for addresses.
    const verdicts = declassified.some(({ exports }) => exports.test(name));
    if (verdicts) this.verdicts += name.endsWith("Many") ? (parameters[2] ?? 1) : 1;
    const result: number | undefined = super.call(name, ...parameters);
    // The verdicts of many messages stand in memory, where the scenario reads them.
    if (name.endsWith("OpenMany")) {
      const at = super.call("verdicts");
      this.#memcheck.declassify(this.memory.subarray(at, at + (parameters[2] ?? 0)));
    }
    return result === undefined || parameters.length === 0 ? (result ?? 0) : this.#memcheck.declassifyNumber(result);
  }
}

function named(functions: Functions): { readonly name: string; readonly scenario: Scenario }[] {
  const modes = ciphers.flatMap((cipher) =>
    scenariosOf(cipher, false).map((scenario) => ({ name: `${cipher.name} ${scenario.name}`, scenario })),
  );
  return [...memoryScenarios(functions).map((scenario) => ({ name: scenario.name, scenario })), ...modes];
}

export interface EngineRun {
  readonly build: string;
  readonly parts: Parts;
  readonly tier: Tier;
  /** Every how many of the scenarios are run, from the first on. */
  readonly every: number;
  readonly first: number;
}

export async function watchEngine(watch: Watch, memcheck: Memcheck, run: EngineRun): Promise<void> {
  const engine = instantiate(run.parts, run.tier);
  const initial = engine.memory.slice();
  const chosen = named(engine.functions).filter((_, index) => index % run.every === run.first % run.every);
  for (const { name, scenario } of chosen) {
    await watch.over(`${run.build} ${run.tier}: ${name}`, () => {
      let allowed = 0;
      for (let trial = 0; trial < (scenario.verdicts ?? 1); trial++) {
        memcheck.declassify(engine.memory);
        engine.memory.set(initial);
        const calls = new WatchedCalls(engine, memcheck);
        scenario.run(calls, secretOf("machine", trial));
        allowed += calls.verdicts;
      }
      return { allowed, expected: allowed };
    });
  }
  memcheck.declassify(engine.memory);
}

/** The control in WebAssembly: a table look-up, and a comparison that stops early. */
export async function watchControl(watch: Watch, memcheck: Memcheck, file: string, tier: Tier): Promise<void> {
  const { functions, memory } = instantiate({ control: file }, tier);
  for (const name of ["lookUp", "compareEarly"]) {
    await watch.over(`control ${tier}: ${name}`, () => {
      memcheck.secret(memory.subarray(0, 16));
      functions[name]?.();
      memcheck.declassify(memory);
      return { allowed: Number.POSITIVE_INFINITY, expected: 1 };
    });
  }
}
