// The scenarios of the traces (test/constant-time/), run over the taint domain: what a scenario writes is secret unless it
// declares it public.
import { EngineCalls, isPublic, type Scenario } from "../constant-time/scenario.ts";
import { secretOf } from "../constant-time/secret.ts";
import type { Callable } from "../constant-time/trace.ts";
import { type Declassified, declassified } from "./declassified.ts";
import { type Finding, Taint, valueAtHand } from "./taint.ts";
import type { WasmModule } from "./wasm/decode.ts";
import { Machine, memoryOf } from "./wasm/interpreter.ts";

/** A finding with the export in whose call it was. */
export interface Leak extends Finding {
  readonly exported: string;
}

export class TaintedModule implements Callable {
  readonly functions: Callable["functions"] = {};
  readonly memory: Uint8Array;
  readonly taint: Taint;
  readonly machine: Machine;
  readonly called = new Set<string>();
  readonly leaks: Leak[] = [];
  /** Where values were given away on purpose, by the entry that allows it. */
  readonly givenAway = new Map<Declassified, Set<string>>();

  constructor(module: WasmModule) {
    this.memory = memoryOf(module);
    this.taint = new Taint(this.memory);
    this.machine = new Machine(module, this.taint, this.memory);
    for (const [name, index] of module.exports) {
      const call = (...parameters: number[]) => this.#call(name, parameters);
      const { length } = module.functions[index]!.type.parameters;
      this.functions[name] = Object.defineProperty(call, "length", { value: length });
    }
  }

  #call(name: string, parameters: readonly number[]): number {
    this.called.add(name);
    const result = this.machine.call(name, parameters);
    for (const finding of this.taint.findings.splice(0)) this.#judge({ ...finding, exported: name });
    return result === undefined ? 0 : (valueAtHand(result) as number);
  }

  #judge(leak: Leak): void {
    const entry = declassified.find(
      ({ exports, need, verdictOf }) =>
        exports.test(leak.exported) && need === leak.need && verdictOf === leak.verdictOf,
    );
    if (!entry) {
      this.leaks.push(leak);
      return;
    }
    const places = this.givenAway.get(entry) ?? new Set();
    this.givenAway.set(entry, places.add(`${leak.exported}: ${leak.site.function}, ${leak.site.at}`));
  }
}

class TaintedCalls extends EngineCalls {
  readonly #taint: Taint;

  constructor(module: TaintedModule) {
    super(module);
    this.#taint = module.taint;
  }

  override write(at: number, bytes: Uint8Array): void {
    super.write(at, bytes);
    this.#taint.secret.fill(isPublic(bytes) ? 0 : 255, at, at + bytes.length);
  }
}

/** What leaks when a scenario runs with secrets: one run for each verdict. */
export function leaksOf(module: TaintedModule, scenario: Scenario): string[] {
  for (let trial = 0; trial < (scenario.verdicts ?? 1); trial++) {
    module.machine.reset();
    scenario.run(new TaintedCalls(module), secretOf("proof", trial));
  }
  const reports = module.leaks.splice(0).map(({ exported, need, site }) => {
    return `${scenario.name}: ${exported} gives away a secret as ${need} of ${site.name} (function ${site.function}, instruction ${site.at})`;
  });
  return [...new Set(reports)];
}
