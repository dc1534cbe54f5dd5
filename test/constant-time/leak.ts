import { EngineCalls, type Scenario } from "./scenario.ts";
import { secretOf } from "./secret.ts";
import type { Digest, TracedModule, TraceEvent } from "./trace.ts";

export interface Trials {
  readonly seed: string;
  /** How many secrets; as many for each verdict that a scenario can come to. */
  readonly count: number;
}

export interface Finding {
  /** Events recorded in all trials together. */
  readonly events: bigint;
  /** How many trials came to each verdict; `undefined` where there is none. */
  readonly verdicts: ReadonlyMap<number | undefined, number>;
  /** What the first difference between two traces is, for a person to read; nothing if there is none. */
  readonly leak: string | undefined;
}

interface Run extends Digest {
  readonly trial: number;
  readonly verdict: number | undefined;
}

const described = (event: TraceEvent | undefined): string =>
  event
    ? `${event.site.kind} ${event.value} (${event.site.instruction} in function ${event.site.function})`
    : "the end";

/** Runs a scenario with many secrets: with the same verdict, all traces must be the same. */
export function findLeak(module: TracedModule, scenario: Scenario, { seed, count }: Trials): Finding {
  const engine = new EngineCalls(module);
  let verdict: number | undefined;
  const work = (trial: number) => () => {
    verdict = scenario.run(engine, secretOf(`${seed} ${scenario.name}`, trial));
  };
  const firstOf = new Map<number | undefined, Run>();
  const verdicts = new Map<number | undefined, number>();
  let events = 0n;
  for (let trial = 0; trial < count * (scenario.verdicts ?? 1); trial++) {
    const digest = module.trace(work(trial));
    const run: Run = { ...digest, trial, verdict };
    const first = firstOf.get(verdict) ?? run;
    firstOf.set(verdict, first);
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    events += run.count;
    if (run.hash === first.hash && run.count === first.count) continue;
    const number = module.firstDifference(work(first.trial), work(trial));
    const [one, other] = [first.trial, trial].map((each) => described(module.eventAt(work(each), number)));
    const leak = `${scenario.name}: event ${number} is ${one} with secret ${first.trial}, ${other} with secret ${trial}`;
    return { events, verdicts, leak };
  }
  return { events, verdicts, leak: undefined };
}
