import { expect, test } from "vitest";
import type { AnyBuild } from "../constant-time/compile.ts";
import { long, TIMEOUT } from "./counts.ts";
import type { EngineRun } from "./machine/engine-cases.ts";
import { missingParts, type Outcome, partsOf, runUnderValgrind } from "./machine/valgrind.ts";
import { programs } from "./modules.ts";

// The machine code that V8 makes, under valgrind's memcheck: no jump and no address depends on bytes that were marked secret, but
// for what is given away on purpose (declassified.ts, machine/javascript-cases.ts). In long runs the tests run on every Node.

/** Short runs take every 30th scenario, others in each tier. */
const every = long ? 1 : 30;

/** What was too much, or too little, with the names of the functions where memcheck saw it. */
function complaints({ results, reports }: Outcome): string[] {
  const where = (name: string) => {
    const seen = reports
      .filter(({ during }) => during === name)
      .map((report) => `${report.what} in ${report.function}`);
    return seen.length > 0 ? [...new Set(seen)].slice(0, 10).join("; ") : "in functions that were reported before";
  };
  return results
    .filter(({ reports: count, allowed, expected }) => count > allowed || count < expected)
    .map(({ name, reports: count, allowed, expected }) =>
      count > allowed
        ? `${name}: ${count} reports, ${allowed} allowed: ${where(name)}`
        : `${name}: ${count} reports, ${expected} expected`,
    );
}

function engines(build: AnyBuild): EngineRun[] {
  const parts = partsOf(programs[build]);
  return [
    { build, parts, tier: "liftoff", every, first: 0 },
    { build, parts, tier: "turbofan", every, first: 7 },
  ];
}

interface Case {
  readonly name: string;
  readonly build: AnyBuild;
  readonly flags: readonly string[];
  readonly warmUp: number;
}

const interpreted = { name: "JavaScript interpreted", flags: [], warmUp: 0 };
const compiled = { name: "JavaScript compiled", flags: ["--always-sparkplug"], warmUp: 500 };
/** V8 packs the loops of the wide build from Node 24 on. */
const packed: readonly Case[] =
  Number.parseInt(process.versions.node, 10) >= 24
    ? [{ name: "packed into 256 bits", build: "wide", flags: ["--experimental-wasm-revectorize"], warmUp: 0 }]
    : [];
const cases: readonly Case[] = long
  ? [{ ...interpreted, build: "plain" }, { ...compiled, build: "relaxed" }, ...packed]
  : [{ ...interpreted, build: "plain" }];

test.each(cases)("$build, $name: no jump and no address depends on a secret", TIMEOUT, async ({ build, ...run }) => {
  const missing = missingParts();
  if (missing.length > 0) {
    const message = `Without ${missing.join(", ")} nothing can be said of machine code. tools/debian-parts.sh installs them.`;
    if (process.env.CI === "true") throw new Error(message);
    console.warn(message);
    return;
  }
  const outcome = await runUnderValgrind({ ...run, node: process.execPath, engines: engines(build) });
  expect(complaints(outcome)).toEqual([]);
  const given = outcome.results.filter(({ reports }) => reports > 0);
  const inJavaScript = given.filter(({ name }) => !/^control|^\w+ (liftoff|turbofan): /.test(name));
  console.log(
    `${run.name}: ${outcome.results.length} pieces watched, ${given.length} give something away, of JavaScript: ` +
      inJavaScript.map(({ name, reports }) => `${name} (${reports})`).join("; "),
  );
  // Both tiers did compile what ran.
  for (const tier of ["liftoff", "turbofan"]) {
    expect(outcome.compiled).toMatch(new RegExp(`wasm-function\\[\\d+\\]\\S*-${tier}$`, "m"));
    expect(outcome.results.filter(({ name }) => name.startsWith(`${build} ${tier}: `)).length).toBeGreaterThan(10);
  }
  expect(outcome.results.filter(({ name }) => name.startsWith("control")).length).toBe(7);
});
