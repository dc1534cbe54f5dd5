import type { Trace } from "./recorder.ts";

/** How many there are of something, and in how many of them two traces differ. */
export interface Tally {
  readonly total: number;
  readonly different: number;
}

export interface Comparison {
  readonly addresses: Tally;
  /** Branches, selects, lengths and jump targets. */
  readonly decisions: Tally;
}

/** Compares two traces event by event. Where one is longer, each event that the other lacks is a difference. */
export function compare(one: Trace, other: Trace): Comparison {
  const length = Math.max(one.length, other.length);
  const tallies = { addresses: { total: 0, different: 0 }, decisions: { total: 0, different: 0 } };
  for (let index = 0; index < length; index++) {
    const from = index < one.length ? one : other;
    const tally = from.isAddress(index) ? tallies.addresses : tallies.decisions;
    tally.total += 1;
    if (index >= Math.min(one.length, other.length) || !one.sameAt(index, other)) tally.different += 1;
  }
  return tallies;
}

/** The addresses of a trace, in order, or of its first events. */
export function addressesOf(trace: Trace, events = trace.length): Int32Array<ArrayBuffer> {
  const addresses: number[] = [];
  for (let index = 0; index < events; index++) if (trace.isAddress(index)) addresses.push(trace.value(index));
  return Int32Array.from(addresses);
}
