import type { Bytes } from "../../shared/byte-input.ts";
import { pause } from "../../shared/pause.ts";
import type { ProgressCount } from "../progress.ts";
import type { SegmentBatch, SegmentCipher, Worked } from "../segments/segment-cipher.ts";
import { transferredAway } from "../transferred-away.ts";

export interface WholeWork {
  readonly cipher: SegmentCipher;
  readonly input: Uint8Array;
  /** Bytes of a full segment, in the input and in the result. */
  readonly unit: number;
  readonly resultUnit: number;
  /** Where the results go. */
  readonly output: Bytes;
  readonly progress: ProgressCount;
  readonly signal: AbortSignal | undefined;
  work(run: SegmentBatch, into: Bytes): Worked;
  /** Bytes of plaintext in a run. */
  plaintextLength(run: SegmentBatch): number;
}

/** Works all the segments of a message that is in memory, on this thread at once where they are one run. */
export function workWhole(whole: WholeWork): Promise<void> | undefined {
  const { cipher, input, unit, output, progress, signal } = whole;
  signal?.throwIfAborted();
  if (input.length > cipher.runSegments * unit || cipher.parallelRuns > 1) return workInRuns(whole);
  const run = { bytes: input, first: 0, final: true };
  const worked = whole.work(run, output);
  const done = () => progress.add(whole.plaintextLength(run));
  if (worked instanceof Promise) return worked.then(done);
  done();
  return undefined;
}

async function workInRuns(whole: WholeWork): Promise<void> {
  const { cipher, input, unit, resultUnit, output, progress, signal } = whole;
  const length = input.length;
  const atWork: Worked[] = [];
  let start = 0;
  let first = 0;
  try {
    do {
      const wait = cipher.room() ?? pause();
      if (wait) await wait;
      signal?.throwIfAborted();
      if (input.length !== length) throw transferredAway();
      const end = Math.min(start + cipher.runSegments * unit, length);
      const run = { bytes: input.subarray(start, end), first, final: end === length };
      const worked = whole.work(run, output.subarray(first * resultUnit));
      if (worked instanceof Promise) worked.catch(() => {});
      atWork.push(worked);
      if (atWork.length >= cipher.parallelRuns) await atWork.shift();
      progress.add(whole.plaintextLength(run));
      start = end;
      first += cipher.runSegments;
    } while (start < length);
    await Promise.all(atWork);
  } finally {
    await Promise.allSettled(atWork);
  }
}
