import type { Case } from "./case.ts";
import type { Result } from "./measure.ts";
import { OWN } from "./sizes.ts";

function speed(bytes: number, nanoseconds: number): string {
  if (bytes < 16384) return `${(nanoseconds / 1000).toFixed(2)} µs`;
  return `${Math.round((bytes / nanoseconds) * 1000)} MB/s`;
}

/** The line of a case: the speed of lanelock, then of each other, and how many times as fast lanelock was. */
export function lineOf({ name, bytes, contenders }: Result): string {
  const own = contenders[OWN];
  const others = Object.entries(contenders)
    .filter(([rival]) => rival !== OWN)
    .map(([rival, { median, best, ratio }]) => {
      const undisturbed = (best / (own?.best ?? Number.NaN)).toFixed(2);
      return `${rival} ${speed(bytes, median)} (${ratio.toFixed(2)} ×, best samples ${undisturbed} ×)`;
    });
  return `${name.padEnd(42)} ${own ? speed(bytes, own.median).padStart(10) : ""}   ${others.join(", ")}`;
}

/** The bars of a case that its result does not reach, as sentences; of those for a Node, those for the major version `node`. */
export function missedBars({ name, bars = [] }: Pick<Case, "name" | "bars">, result: Result, node?: number): string[] {
  return bars
    .filter(({ nodes }) => nodes === undefined || (node !== undefined && nodes.includes(node)))
    .map(({ against, atLeast }) => ({ against, atLeast, ratio: result.contenders[against]?.ratio ?? Number.NaN }))
    .filter(({ atLeast, ratio }) => !(ratio >= atLeast))
    .map(({ against, atLeast, ratio }) => `${name}: ${ratio.toFixed(2)} × ${against}, at least ${atLeast} × wanted`);
}

/** Says which bars were missed; the exit status is 1 if any was. */
export function concludeCheck(failures: readonly string[]): void {
  for (const failure of failures) console.log(`BELOW THE BAR  ${failure}`);
  console.log(failures.length === 0 ? "All bars are reached." : `${failures.length} bars are not reached.`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}
