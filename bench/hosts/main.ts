import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import type { Case } from "../case.ts";
import type { Result } from "../measure.ts";
import { concludeCheck, lineOf, missedBars } from "../report.ts";
import { openHost } from "./open-host.ts";

// `npm run bench -- --browser NAME`: the same figures in a page of Chromium or Firefox, or in JavaScriptCore's shell.

const { values } = parseArgs({
  options: {
    browser: { type: "string", default: "" },
    check: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "21" },
  },
});

const host = await openHost(values.browser);
const processor = cpus()[0]?.model ?? "unknown processor";
const { title, build } = host;
console.log(`${title}, ${build} build, ${processor}. Speed of lanelock, then of others, and how many`);
console.log("times as fast lanelock was: medians over interleaved rounds.\n");
const results: Result[] = [];
const failures: string[] = [];
try {
  const cases = (await host.evaluate("benchmark.list()")) as Pick<Case, "name" | "bars">[];
  for (const [index, one] of cases.entries()) {
    if (!one.name.includes(values.only)) continue;
    const result = (await host.evaluate(`benchmark.measure(${index}, ${Number(values.rounds)})`)) as Result;
    console.log(lineOf(result));
    results.push(result);
    failures.push(...missedBars(one, result));
  }
} finally {
  await host.close();
}
if (values.only === "") {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  mkdirSync("bench/results", { recursive: true });
  const report = { host: title, build, processor, commit, results };
  writeFileSync(`bench/results/${values.browser}.json`, `${JSON.stringify(report, null, 2)}\n`);
}
if (values.check) concludeCheck(failures);
