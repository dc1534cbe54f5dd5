import v8 from "node:v8";
import { expect, test } from "vitest";
import { type AnyBuild, compile, wholeEngine } from "./compile.ts";
import { ciphers, scenariosOf } from "./every-scenario.ts";
import { findLeak } from "./leak.ts";
import { memoryScenarios } from "./memory-scenarios.ts";
import { EngineCalls, type Scenario } from "./scenario.ts";
import { secretOf } from "./secret.ts";
import { TracedModule } from "./trace.ts";

const long = process.env.LANELOCK_LONG === "1";

/** Four patterns and the rest random: fewer of the wide build, which has much from the relaxed one. Every long run has a seed of its own;
 * it is printed. */
function trialsOf(build: AnyBuild) {
  const short = build === "wide" ? 20 : 68;
  return { count: long ? 128 : short, seed: long ? `${Date.now()}` : "lanelock" };
}

type Trials = ReturnType<typeof trialsOf>;

/** Node 20 has relaxed SIMD behind a flag. What instructions do is the same; only traces are taken here, no times. */
function allowRelaxedSimd(code: Uint8Array): void {
  if (!WebAssembly.validate(Uint8Array.from(code))) v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
}

/** The leaks of all scenarios; prints what it took to look for them. */
function search(module: TracedModule, scenarios: readonly Scenario[], trials: Trials): string[] {
  const leaks: string[] = [];
  let events = 0n;
  for (const scenario of scenarios) {
    const finding = findLeak(module, scenario, trials);
    events += finding.events;
    const classes = [...finding.verdicts.values()];
    if (finding.leak !== undefined) leaks.push(finding.leak);
    else expect(classes, scenario.name).toEqual(Array(scenario.verdicts ?? 1).fill(trials.count));
  }
  console.log(`${scenarios.length} scenarios × ${trials.count} secrets (seed ${trials.seed}), ${events} events`);
  return leaks;
}

/** What the harness must say of look-ups in tables, and of comparisons that stop early: the scenarios are the engine's. */
function expectControlsRejected(control: TracedModule, trials: Trials): void {
  const [aes, sm4] = [scenariosOf(ciphers[0], long), scenariosOf(ciphers[3], long)];
  const leaking: [readonly Scenario[], RegExp, RegExp][] = [
    [aes, /^ecb Encrypt/, /is address \d+ \(i32.load8_u in .* with secret \d+, address \d+ \(i32.load8_u/],
    [
      sm4,
      /^gcm in parts, nonce \d{1,3},/,
      /is decision [01] \((if|br_if|select) in .* with secret \d+, decision [01] /,
    ],
    [
      memoryScenarios(control.functions),
      /^padding length/,
      /is (decision|address) .* with secret \d+, (decision|address) /,
    ],
  ];
  for (const [scenarios, names, finding] of leaking) {
    const chosen = scenarios.filter(({ name }) => names.test(name));
    expect(chosen.length).toBeGreaterThan(0);
    for (const scenario of chosen) expect(findLeak(control, scenario, trials).leak, scenario.name).toMatch(finding);
  }
  const harmless = memoryScenarios(control.functions).filter(({ name }) =>
    /^(io|nonce|slotsStart|runSize)$/.test(name),
  );
  expect(harmless.map((scenario) => findLeak(control, scenario, trials).leak)).toEqual(Array(4).fill(undefined));
}

/** For one of the builds in build/, as shipped, and the controls compiled with the same options. */
export function traceSuite(build: AnyBuild): void {
  const code = wholeEngine(build);
  allowRelaxedSimd(code);
  const module = new TracedModule(code);
  const trials = trialsOf(build);
  let control: TracedModule | undefined;

  for (const cipher of ciphers) {
    test(`${build}: no trace of ${cipher.name} depends on a secret, while those of the controls do`, async () => {
      control ??= new TracedModule(await compile({ build, entry: "test/constant-time/controls/index.ts" }));
      expectControlsRejected(control, trials);
      expect(search(module, scenariosOf(cipher, long), trials)).toEqual([]);
    });
  }

  test(`${build}: no trace of what the ciphers share depends on a secret`, () => {
    expect(search(module, memoryScenarios(module.functions), trials)).toEqual([]);
  });

  test(`${build}: every export is traced`, () => {
    const exported = WebAssembly.Module.exports(new WebAssembly.Module(Uint8Array.from(code)));
    const functions = exported.filter(({ kind }) => kind === "function").map(({ name }) => name);
    module.called.clear();
    for (const scenario of [
      ...memoryScenarios(module.functions),
      ...ciphers.flatMap((cipher) => scenariosOf(cipher, long)),
    ]) {
      module.trace(() => scenario.run(new EngineCalls(module), secretOf("coverage", 0)));
    }
    expect([...module.called].sort(), "a new export needs a scenario").toEqual(functions.sort());
  });
}
