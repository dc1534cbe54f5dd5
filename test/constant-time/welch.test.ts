import { expect, test } from "vitest";
import { strongestEvidence, welch } from "../../bench/timing/welch.ts";
import { seeded } from "../reference/seeded.ts";

// The statistics of bench/timing, on numbers made here: no clock is read.

test("Welch's t is the difference of the means over the standard error", () => {
  // Variances 1 and 4 of three each: 2 / √(1/3 + 4/3).
  expect(welch([1, 2, 3], [2, 4, 6])).toBeCloseTo(-1.5491933, 6);
  expect(welch([2, 4, 6], [1, 2, 3])).toBeCloseTo(1.5491933, 6);
  expect(welch([5, 5], [5, 5])).toBe(0);
});

/** Times of 1,000 and some, with a long tail now and then, as interruptions make it. */
function times(name: string, count: number, longer: number): Float64Array {
  const view = new DataView(seeded(name).bytes(8 * count).buffer);
  return Float64Array.from({ length: count }, (_, index) => {
    const [spread, interruption] = [view.getUint32(8 * index), view.getUint32(8 * index + 4)];
    return 1000 + longer + spread / 2 ** 26 + (interruption < 2 ** 27 ? interruption / 1000 : 0);
  });
}

test("classes of the same distribution are not distinguished", () => {
  for (let round = 0; round < 10; round++) {
    const { t } = strongestEvidence(times(`one ${round}`, 20_000, 0), times(`other ${round}`, 20_000, 0));
    expect(t).toBeLessThan(4.5);
  }
});

test("a difference of a thousandth is found under interruptions that hide it from the plain test", () => {
  const [one, other] = [times("one", 20_000, 0), times("other", 20_000, 1.5)];
  expect(Math.abs(welch(one, other))).toBeLessThan(4.5);
  const { t, samples } = strongestEvidence(one, other);
  expect(t).toBeGreaterThan(10);
  expect(samples).toBeLessThan(40_000);
});
