import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { casesOfBoth, measureAgainst } from "./baseline.ts";
import { measure, type Result } from "./measure.ts";
import { concludeCheck, lineOf, missedBars } from "./report.ts";
import type { Suite } from "./suite.ts";
import { SUITES } from "./suites.ts";
import { takeWide, wideCases } from "./wide.ts";

const { values } = parseArgs({
  options: {
    baseline: { type: "string" },
    check: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    rounds: { type: "string" },
    suite: { type: "string", default: "ciphers" },
    wide: { type: "boolean", default: false },
  },
});

/** Interleaved rounds, unless a case or `--rounds` says otherwise. */
const ROUNDS = 21;

const major = Number(process.versions.node.split(".")[0]);

const { baseline } = values;
if (values.wide && baseline === undefined) throw new Error("--wide needs --baseline DIR, with which it compares");
const rivals = baseline === undefined ? "others" : "the other checkout";
console.log(
  `Node ${process.version}, ${cpus()[0]?.model ?? "unknown processor"}. Speed of lanelock, then of ${rivals}, and how many`,
);
console.log("times as fast lanelock was: medians over interleaved rounds.\n");

async function openSuite(suites: typeof SUITES): Promise<Suite> {
  const open = suites[values.suite];
  if (open === undefined) throw new Error(`--suite takes ${Object.keys(suites).join(", ")}, not ${values.suite}`);
  return open();
}

if (values.wide) await takeWide();
const suite = await openSuite(SUITES);
const other = baseline === undefined ? undefined : await openSuite((await import(baseline)).SUITES);
const compared = other === undefined ? suite.cases : casesOfBoth(suite, other);
const cases = values.wide ? wideCases(compared) : compared;
const results: Result[] = [];
const failures: string[] = [];
for (const one of cases.filter(({ name }) => name.includes(values.only))) {
  const rounds = Number(values.rounds ?? one.rounds ?? ROUNDS);
  const result = await (other === undefined ? measure : measureAgainst)(one, rounds);
  console.log(lineOf(result));
  results.push(result);
  failures.push(...missedBars(one, result, major));
}
const limits = values.only === "" && other === undefined ? (suite.limits ?? []) : [];
for (const { name, unit, atMost, measure: quantity } of limits) {
  const value = await quantity();
  console.log(`${name}: ${value.toFixed(1)} ${unit}`);
  if (!(value <= atMost)) failures.push(`${name}: ${value.toFixed(1)} ${unit}, at most ${atMost} ${unit} wanted`);
}
await suite.close();
await other?.close();

if (values.only === "" && values.suite === "ciphers" && other === undefined) {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  mkdirSync("bench/results", { recursive: true });
  const report = { node: process.version, processor: cpus()[0]?.model, commit, results };
  writeFileSync(`bench/results/node-${major}.json`, `${JSON.stringify(report, null, 2)}\n`);
}
if (values.check) concludeCheck(failures);
