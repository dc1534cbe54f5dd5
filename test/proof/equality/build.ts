// The tests of one build: the engine computes what the standards say, for every key and every text of each shape. Each build has a
// test file of its own, so that several processors can work. docs/proof.md says what a shape is for.
import { afterAll, expect, test } from "vitest";
import { everything as long } from "../counts.ts";
import { pinnedPrograms } from "../modules.ts";
import { SymbolicEngine } from "../symbolic-engine.ts";
import { coverageOf } from "../wasm/interpreter.ts";
import { unproved } from "./coverage.ts";
import { everyShape, fewShapes } from "./shapes.ts";

/** Seconds of processor time. */
function processorTime(since?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

export function proveBuild(build: string): void {
  const programs = pinnedPrograms();
  const index = programs.findIndex((each) => each.build === build);
  const { module } = programs[index]!;
  const coverage = coverageOf(module);
  // All builds come from one source: short runs take some shapes of each.
  const chosen = long ? everyShape : fewShapes.filter((_, at) => at % programs.length === index);
  const times: { name: string; seconds: number }[] = [];

  test.each(chosen)(`${build}: $name, for every key and text`, ({ name, run }) => {
    const before = process.cpuUsage();
    expect(run(new SymbolicEngine(module, coverage))).toEqual([]);
    times.push({ name, seconds: processorTime(before) });
  });

  if (!long) return;

  test(`${build}: every path of every export is in some shape, but for those that are named`, () => {
    expect(unproved(module, coverage)).toEqual([]);
  });

  afterAll(() => {
    const total = times.reduce((sum, { seconds }) => sum + seconds, 0);
    const lines = times
      .toSorted((a, b) => b.seconds - a.seconds)
      .map(({ name, seconds }) => `${seconds.toFixed(1).padStart(6)} s  ${name}`);
    console.log([`${build}: ${times.length} shapes in ${total.toFixed(0)} s of processor time`, ...lines].join("\n"));
  });
}
