// How contenders are timed: in turn, round by round, so that what slows the machine down slows all of them.
import type { Figures } from "./results.ts";

/** One operation of a contender. */
export type Work = () => unknown;

export interface Pace {
  /** How many samples of each contender, unless they take too long. */
  readonly rounds: number;
  /** Milliseconds after which a contender has been sampled enough. */
  readonly budget: number;
}

/** The shortest time that a sample may last, in milliseconds. */
const SAMPLE = 6;

/** Called between samples: it lets messages come in, and throws when the race is cancelled. */
export type Pause = () => Promise<void>;

async function sample(work: Work, count: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    const result = work();
    // Waiting for what is no promise would cost a turn of the queue, and the contender has no part in it.
    if (result instanceof Promise) await result;
  }
  return performance.now() - start;
}

/** The smallest step of the clock in milliseconds: from 0.005 on isolated pages to 1 in some browsers. */
function clockStep(): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    let now = start;
    while (now === start) now = performance.now();
    smallest = Math.min(smallest, now - start);
  }
  return smallest;
}

/** How long a sample lasts on this clock, so that its step makes at most 4 % of it. */
export const sampleLength = (): number => Math.max(SAMPLE, 25 * clockStep());

/** How many operations make a sample. Running them also warms the code up. */
async function calibrate(work: Work, length: number, pause: Pause): Promise<{ count: number; milliseconds: number }> {
  for (let count = 1; ; count *= 2) {
    const milliseconds = await sample(work, count);
    await pause();
    if (milliseconds >= length)
      return { count: Math.max(1, Math.round((count * length) / milliseconds)), milliseconds };
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

interface Runner<Name> {
  readonly name: Name;
  readonly work: Work;
  readonly count: number;
  readonly rounds: number;
  /** Nanoseconds an operation. */
  readonly samples: number[];
}

/** Times the same work of several contenders. A contender whose samples are long has fewer of them, but two at least. */
export async function measure<Name>(
  works: ReadonlyMap<Name, Work>,
  { pace, length, pause }: { pace: Pace; length: number; pause: Pause },
): Promise<Map<Name, Figures>> {
  const runners: Runner<Name>[] = [];
  for (const [name, work] of works) {
    const { count, milliseconds } = await calibrate(work, length, pause);
    const rounds = Math.min(pace.rounds, Math.max(2, Math.floor(pace.budget / Math.max(length, milliseconds / count))));
    runners.push({ name, work, count, rounds, samples: [] });
  }
  for (let round = 0; round < pace.rounds; round++) {
    // Every other round backwards: what one leaves behind, in caches or for the garbage collector, falls on each in turn.
    for (const runner of round % 2 === 0 ? runners : [...runners].reverse()) {
      if (round >= runner.rounds) continue;
      runner.samples.push(((await sample(runner.work, runner.count)) * 1e6) / runner.count);
      await pause();
    }
  }
  const whole = (nanoseconds: number) => Math.max(1, Math.round(nanoseconds));
  return new Map(
    runners.map(({ name, samples }) => [name, { median: whole(median(samples)), best: whole(Math.min(...samples)) }]),
  );
}
