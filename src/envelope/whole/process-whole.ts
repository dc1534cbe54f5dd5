import type { Bytes } from "../../shared/byte-input.ts";
import { pause } from "../../shared/pause.ts";
import type { ProgressCount } from "../progress.ts";
import type { BatchResult, SegmentBatch, SegmentCipher } from "../segments/segment-cipher.ts";
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
  work(batch: SegmentBatch, into: Bytes): BatchResult;
  /** Bytes of plaintext in a run. */
  plaintextLength(batch: SegmentBatch): number;
}

/** Works all the segments of a message that is in memory, on this thread at once where they are one run. */
export function processWhole(whole: WholeWork): Promise<void> | undefined {
  const { cipher, input, unit, output, progress, signal } = whole;
  signal?.throwIfAborted();
  if (input.length > cipher.batchSegments * unit || cipher.parallelBatches > 1) return processInBatches(whole);
  const batch = { bytes: input, first: 0, final: true };
  const result = whole.work(batch, output);
  const done = () => progress.add(whole.plaintextLength(batch));
  if (result instanceof Promise) return result.then(done);
  done();
  return undefined;
}

async function processInBatches(whole: WholeWork): Promise<void> {
  const { cipher, input, unit, resultUnit, output, progress, signal } = whole;
  const length = input.length;
  const pending: BatchResult[] = [];
  let start = 0;
  let first = 0;
  try {
    do {
      const wait = cipher.reserve() ?? pause();
      if (wait) await wait;
      signal?.throwIfAborted();
      if (input.length !== length) throw transferredAway();
      const end = Math.min(start + cipher.batchSegments * unit, length);
      const batch = { bytes: input.subarray(start, end), first, final: end === length };
      const result = whole.work(batch, output.subarray(first * resultUnit));
      if (result instanceof Promise) result.catch(() => {});
      pending.push(result);
      if (pending.length >= cipher.parallelBatches) await pending.shift();
      progress.add(whole.plaintextLength(batch));
      start = end;
      first += cipher.batchSegments;
    } while (start < length);
    await Promise.all(pending);
  } finally {
    await Promise.allSettled(pending);
  }
}
