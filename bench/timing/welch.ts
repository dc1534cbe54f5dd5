// Welch's t-test on two classes of times, as dudect uses it (Reparaz, Balasch, Verbauwhede: Dude, is my code constant time?,
// DATE 2017): over all times, and over the times below each of many thresholds, because what interrupts a measurement only
// makes it longer and hides small differences.

/** Mean and variance of a class, one time after the other (Welford). */
class Moments {
  count = 0;
  mean = 0;
  #squares = 0;

  add(value: number): void {
    this.count += 1;
    const difference = value - this.mean;
    this.mean += difference / this.count;
    this.#squares += difference * (value - this.mean);
  }

  /** The variance of the mean. */
  get meanVariance(): number {
    return this.#squares / (this.count - 1) / this.count;
  }
}

/** How many standard errors the means of two classes are apart; 0 where a class is too small or has no spread. */
export function welch(one: Iterable<number>, other: Iterable<number>): number {
  const [a, b] = [new Moments(), new Moments()];
  for (const value of one) a.add(value);
  for (const value of other) b.add(value);
  const error = Math.sqrt(a.meanVariance + b.meanVariance);
  return a.count < 2 || b.count < 2 || error === 0 ? 0 : (a.mean - b.mean) / error;
}

export interface Evidence {
  /** The largest |t| over all thresholds. */
  readonly t: number;
  /** Times of both classes below the threshold that it was found with. */
  readonly samples: number;
}

const THRESHOLDS = 100;

/** Percentiles that crowd towards the shortest times, where dudect puts them: 1 − 0.5^(10 i / 100). */
function thresholds(times: readonly Float64Array[]): number[] {
  const all = Float64Array.from(times.flatMap((each) => [...each])).sort();
  const at = (i: number) =>
    all[Math.floor(all.length * (1 - 0.5 ** ((10 * i) / THRESHOLDS)))] ?? Number.POSITIVE_INFINITY;
  return [...Array.from({ length: THRESHOLDS }, (_, i) => at(i + 1)), Number.POSITIVE_INFINITY];
}

/** The strongest sign that two classes of times differ. Fewer than `least` times of a class below a threshold count for nothing. */
export function strongestEvidence(one: Float64Array, other: Float64Array, least = 1000): Evidence {
  let strongest: Evidence = { t: 0, samples: one.length + other.length };
  for (const threshold of thresholds([one, other])) {
    const [a, b] = [one, other].map((times) => times.filter((time) => time <= threshold));
    if (!a || !b || Math.min(a.length, b.length) < least) continue;
    const t = Math.abs(welch(a, b));
    if (t > strongest.t) strongest = { t, samples: a.length + b.length };
  }
  return strongest;
}
