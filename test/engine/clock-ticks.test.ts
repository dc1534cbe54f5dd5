import { expect, test } from "vitest";
import { tickOf } from "../../src/engine/packs.ts";

// Clocks that a host may have, by the calls that pass until they go on.

function clock(tick: number, calls: number): () => number {
  let called = 0;
  return () => tick * Math.floor(called++ / calls);
}

test("the tick of a clock is measured if it is fine", () => {
  expect(tickOf(clock(0.005, 3))).toBeCloseTo(0.005);
  expect(tickOf(clock(0.1, 5_000))).toBeCloseTo(0.1);
  expect(tickOf(clock(1, 50_000))).toBe(1);
});

test("a clock that stands still while code runs, or ticks too seldom, measures nothing", () => {
  expect(tickOf(() => 1_000)).toBeUndefined();
  expect(tickOf(clock(16.67, 1_000))).toBeUndefined();
  expect(tickOf(clock(100, 10 ** 7))).toBeUndefined();
  let time = 0;
  expect(tickOf(() => time--)).toBeUndefined();
});
