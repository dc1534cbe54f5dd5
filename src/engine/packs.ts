// Whether this host packs pairs of vector operations into operations on 256 bits. V8 can, on x86 with AVX2, if it was told to; no call says
// so. So the same S-boxes are timed paired and unpaired (assembly/wide-probe.ts): packed they take half of the time.
import { performance, setTimeout } from "../shared/timers.ts";
import { compile, instantiate } from "./compile.ts";
import { hasRelaxedSimd } from "./load.ts";
import { type PackedModules, unpack } from "./unpack.ts";

interface Probe {
  paired(count: number): void;
  single(count: number): void;
}

/** How much faster the paired S-boxes must be. Measured in V8: 1.9 to 2 where it packs, 0.8 to 0.97 where it does not. */
const FASTER = 1.4;

/** The unpaired ones take less than this of their first time once they are optimized: half. */
const OPTIMIZED = 0.75;

/** Milliseconds between tries, in which V8 optimizes what it has seen running, on another thread. */
const PAUSES = [4, 8, 16, 32, 64];

/** Milliseconds that one measurement takes at least, if the clock is as fine. Six make a try. */
const SPAN = 0.03;

/** Ticks of the clock that one takes at least. */
const TICKS = 10;

/** With a longer tick, in milliseconds, measuring would take seconds. */
const MAX_TICK = 1;

/** So many calls of a clock take longer than that. */
const MAX_CALLS = 200_000;

/** Milliseconds that `count` S-boxes take. */
function time(work: (count: number) => void, count: number): number {
  const start = performance.now();
  work(count);
  return performance.now() - start;
}

/**
 * The tick of a clock, in milliseconds: some nanoseconds in Node, 0.005 in an isolated page, 0.1 in any other. Undefined for a clock that
 * stands still while code runs, as in workerd, and for one that is too coarse, as in a browser that resists fingerprinting.
 */
export function tickOf(now: () => number): number | undefined {
  const start = now();
  for (let call = 0; call < MAX_CALLS; call += 1) {
    const passed = now() - start;
    if (passed > 0) return passed <= MAX_TICK ? passed : undefined;
  }
  return undefined;
}

interface Measured {
  /** Milliseconds of one unpaired run: the best of three. */
  readonly single: number;
  /** How many times as fast a paired one is. */
  readonly advantage: number;
}

function measure({ paired, single }: Probe, span: number): Measured {
  let count = 64;
  while (time(single, count) < span) count *= 2;
  let [best, bestPaired] = [Infinity, Infinity];
  for (let turn = 0; turn < 3; turn += 1) {
    best = Math.min(best, time(single, count));
    bestPaired = Math.min(bestPaired, time(paired, count));
  }
  return { single: best / count, advantage: best / bestPaired };
}

/**
 * Whether this host packs. It works for 2 ms in all, or 30 where the clock ticks every 0.1 ms, and waits for up to 124 ms in between. A host
 * whose optimizing compiler takes longer is taken for one that does not pack.
 */
export async function packs(probe: PackedModules): Promise<boolean> {
  if (typeof WebAssembly === "undefined" || !hasRelaxedSimd()) return false;
  const exports = instantiate<Probe>(compile(unpack(probe, 0)));
  const tick = tickOf(() => performance.now());
  if (tick === undefined) return false;
  const span = Math.max(SPAN, TICKS * tick);
  const isFaster = ({ advantage }: Measured) => advantage > FASTER;
  const first = measure(exports, span);
  for (const pause of PAUSES) {
    await new Promise<void>((resolve) => setTimeout(resolve, pause));
    const now = measure(exports, span);
    // Until both are optimized, one may be faster for that alone. Measured twice, as another program may have delayed a run.
    if (now.single < OPTIMIZED * first.single && isFaster(now) && isFaster(measure(exports, span))) return true;
  }
  return false;
}
