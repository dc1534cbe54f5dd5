// Sentences computed from the figures, those where lanelock loses included. They go by the best sample of each contender, which other
// programs disturbed least.
import type { Contender, Figures, RecordsContender, Results } from "./results.ts";

export interface Comparison {
  /** Whether lanelock is the faster one. */
  readonly faster: boolean;
  /** How many times as fast the faster one is. */
  readonly times: number;
}

/** What a reader should take away; sizes in bytes, times in nanoseconds. */
export type Fact =
  /** One of the two is faster at every size. */
  | { readonly kind: "everywhere"; readonly rival: RecordsContender; readonly faster: boolean }
  | { readonly kind: "mixed"; readonly rival: RecordsContender }
  | { readonly kind: "crossing"; readonly rival: RecordsContender; readonly until: number; readonly from: number }
  | ({ readonly kind: "at"; readonly rival: RecordsContender; readonly bytes: number } & Comparison)
  | {
      readonly kind: "records";
      readonly own: RecordsContender;
      readonly ownTime: number;
      readonly rival: RecordsContender;
      readonly rivalTime: number;
    };

const compare = (own: Figures, other: Figures): Comparison => {
  const times = other.best / own.best;
  return { faster: times >= 1, times: Math.max(times, 1 / times) };
};

function curveFact(rival: RecordsContender, sizes: readonly number[], faster: readonly boolean[]): Fact {
  if (faster.every(Boolean)) return { kind: "everywhere", rival, faster: true };
  if (!faster.some(Boolean)) return { kind: "everywhere", rival, faster: false };
  const turn = faster.indexOf(false);
  const crossesOnce = turn > 0 && faster.slice(turn).every((one) => !one);
  if (!crossesOnce) return { kind: "mixed", rival };
  return { kind: "crossing", rival, until: sizes[turn - 1]!, from: sizes[turn]! };
}

function recordsFact({ records }: Results): Fact[] {
  const times = [...records].map(([name, { best }]) => ({ name, best })).sort((a, b) => a.best - b.best);
  const isOwn = ({ name }: { name: RecordsContender }) => name.startsWith("lanelock");
  const [own, rival] = [times.find(isOwn), times.find((one) => !isOwn(one))];
  if (!own || !rival) return [];
  return [{ kind: "records", own: own.name, ownTime: own.best, rival: rival.name, rivalTime: rival.best }];
}

function rivalFacts(rival: Contender, { sizes, curves }: Results): Fact[] {
  const own = curves.get("lanelock")!;
  const comparisons = curves.get(rival)!.map((one, index) => compare(own[index]!, one));
  const faster = comparisons.map((one) => one.faster);
  const last = sizes.length - 1;
  const ends = [...new Set([Math.min(1, last), last])];
  return [
    curveFact(rival, sizes, faster),
    ...ends.map((index): Fact => ({ kind: "at", rival, bytes: sizes[index]!, ...comparisons[index]! })),
  ];
}

/**
 * Point by point: the records; then for each rival who is faster where, and by how much at 64 bytes and at the longest message.
 */
export function points(results: Results): Fact[][] {
  const rivals = [...results.curves.keys()].filter((name) => name !== "lanelock");
  return [recordsFact(results), ...rivals.map((rival) => rivalFacts(rival, results))].filter(
    ({ length }) => length > 0,
  );
}
