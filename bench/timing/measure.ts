import { randomFillSync } from "node:crypto";
import type { TimingCase } from "./case.ts";
import { type Evidence, strongestEvidence } from "./welch.ts";

/** Secrets made and laid out ahead, so that making them does not stand between one measurement and the next. */
const BATCH = 2000;

/** Measurements at the start that only warm up. */
const WARM_UP = 20_000;

const elsewhere = new Uint8Array(64 * 1024);

/** Touches more memory than the first cache holds, so that every measurement starts with the same cache, without tables in it. */
function emptyCache(): void {
  for (let at = 0; at < elsewhere.length; at += 64) elsewhere[at] = (elsewhere[at] ?? 0) + 1;
}

function time({ work }: TimingCase): number {
  const start = performance.now();
  work();
  return (performance.now() - start) * 1e6;
}

/** Fills the secrets of a batch, each of a class by coin toss; returns the classes. */
function toss(one: TimingCase, secrets: readonly Uint8Array[]): Uint8Array {
  const classes = randomFillSync(new Uint8Array(secrets.length)).map((byte) => byte & 1);
  for (const [index, secret] of secrets.entries()) {
    if (classes[index] === 0) secret.set(one.fixed);
    else one.random(secret);
  }
  return classes;
}

/** Times the case about `samples` times. */
export function measure(one: TimingCase, samples: number): Evidence {
  const fixed: number[] = [];
  const random: number[] = [];
  const secrets = Array.from({ length: BATCH }, () => new Uint8Array(one.fixed.length));
  for (let done = -WARM_UP; done < samples; done += BATCH) {
    const classes = toss(one, secrets);
    for (const [index, secret] of secrets.entries()) {
      one.place(secret);
      emptyCache();
      const nanoseconds = time(one);
      if (done >= 0) (classes[index] === 0 ? fixed : random).push(nanoseconds);
    }
  }
  return strongestEvidence(Float64Array.from(fixed), Float64Array.from(random));
}
