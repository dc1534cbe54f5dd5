import type { Case, Contender } from "./case.ts";

/** How long one sample of a contender is to last. */
const SAMPLE_MS = 6;
/** How long each contender runs before anything is timed. */
const WARM_UP_MS = 500;

export interface Figures {
  /** Nanoseconds an operation: the median of all samples, and the best. */
  readonly median: number;
  readonly best: number;
  /** How many times as fast as this contender lanelock was: the median over rounds of the ratio within one round. */
  readonly ratio: number;
}

export interface Result {
  readonly name: string;
  readonly bytes: number;
  readonly contenders: { readonly [name: string]: Figures };
}

async function sample(contender: Contender, count: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    const result = contender.run();
    if (result instanceof Promise) await result;
  }
  return ((performance.now() - start) * 1e6) / count;
}

/**
 * Until the engine has compiled what runs often, which takes some thousand operations and not some milliseconds: a service runs for
 * days. Code with many layers above the same native call would be measured in the interpreter otherwise.
 */
async function warmUp(contender: Contender): Promise<void> {
  const end = performance.now() + WARM_UP_MS;
  while (performance.now() < end) await sample(contender, 1);
}

/** Finds how many operations make a sample. */
async function calibrate(contender: Contender): Promise<number> {
  let count = 1;
  for (;;) {
    const nanoseconds = (await sample(contender, count)) * count;
    if (nanoseconds >= SAMPLE_MS * 1e6) return Math.max(1, Math.round((count * SAMPLE_MS * 1e6) / nanoseconds));
    count *= 2;
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** Without Buffer, which pages lack. */
function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

async function compareOutputs({ name, contenders }: Case): Promise<void> {
  const [first, ...others] = await Promise.all(contenders.map((one) => one.run()));
  for (const [index, output] of others.entries()) {
    if (first !== undefined && output !== undefined && !equal(first, output)) {
      throw new Error(`${name}: ${contenders[index + 1]?.name} computes something else`);
    }
  }
}

/**
 * Times all contenders of a case in turn, round after round, so that what slows the machine down slows all of them.
 */
export async function measure(one: Case, rounds: number): Promise<Result> {
  if (one.sameOutput !== false) await compareOutputs(one);
  const counts: number[] = [];
  for (const contender of one.contenders) {
    await warmUp(contender);
    counts.push(await calibrate(contender));
  }
  const samples = one.contenders.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    // Every other round backwards: what one leaves behind, in caches or for the garbage collector, falls on each in turn.
    const order = [...one.contenders.entries()];
    for (const [index, contender] of round % 2 === 0 ? order : order.reverse()) {
      samples[index]?.push(await sample(contender, counts[index] ?? 1));
    }
  }
  const own = samples[0] ?? [];
  const figures = one.contenders.map((contender, index): [string, Figures] => {
    const times = samples[index] ?? [];
    const ratio = median(times.map((time, round) => time / (own[round] ?? Number.NaN)));
    return [contender.name, { median: median(times), best: Math.min(...times), ratio }];
  });
  return { name: one.name, bytes: one.bytes, contenders: Object.fromEntries(figures) };
}
