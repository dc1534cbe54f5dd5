import type { Bar, Case } from "./case.ts";
import { measure, type Result } from "./measure.ts";
import { missedBars } from "./report.ts";
import { OWN } from "./sizes.ts";
import type { Suite } from "./suite.ts";

// This checkout against another one, case by case: the same benchmark of each, over its own built package, in one process.

/** The other checkout, as a contender. */
export const BASELINE = "baseline";

/** What counts as no slower: a machine that does anything else does not repeat a figure better than this. */
export const NO_SLOWER: Bar = { against: BASELINE, atLeast: 0.97 };

/** How often a case that seems slower is measured again, with more rounds each time. */
const REPEATS = 2;

/** The cases that both suites have, each with lanelock here and lanelock there as its contenders. */
export function casesOfBoth(here: Suite, there: Suite): Case[] {
  return here.cases.flatMap(({ name, bytes, rounds, contenders: [own] }) => {
    const other = there.cases.find((one) => one.name === name)?.contenders[0];
    if (own === undefined || other === undefined) return [];
    const contenders = [
      { name: OWN, run: own.run },
      { name: BASELINE, run: other.run },
    ];
    // Each has keys of its own, so that their outputs differ.
    return [{ name, bytes, contenders, bars: [NO_SLOWER], sameOutput: false as const, ...(rounds && { rounds }) }];
  });
}

/**
 * Measures a case of {@link casesOfBoth}. Of many cases some seem slower by chance: such a case is measured again, longer, and
 * its last result counts.
 */
export async function measureAgainst(one: Case, rounds: number): Promise<Result> {
  let result = await measure(one, rounds);
  for (let repeat = 1; repeat <= REPEATS && missedBars(one, result).length > 0; repeat++) {
    result = await measure(one, rounds * 2 ** repeat);
  }
  return result;
}
