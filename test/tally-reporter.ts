import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** How many tests of a run passed, failed and were skipped. */
function tallyOf(modules: readonly TestModule[], unhandled: number): Tally {
  const tally: Tally = { passed: 0, failed: unhandled, skipped: 0 };
  for (const module of modules) {
    const states = [...module.children.allTests()].map((test) => test.result().state);
    // A file that could not even be loaded has no failed test in it; it counts as one.
    if (module.state() === "failed" && !states.includes("failed")) tally.failed += 1;
    for (const state of states) tally[state === "pending" ? "skipped" : state] += 1;
  }
  return tally;
}

/**
 * Ends a run with the line `N passed, N failed`, or hands the numbers to tools/test.mjs in the file LANELOCK_TALLY, which adds
 * up several runs. With CI=true a skipped test is a failure.
 */
export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const { CI, LANELOCK_TALLY: file } = process.env;
    const tally = tallyOf(modules, errors.length);
    if (CI === "true" && tally.skipped > 0) process.exitCode = 1;
    if (file !== undefined) writeFileSync(file, JSON.stringify(tally));
  }
}
