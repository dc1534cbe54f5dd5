import { throwIfAborted } from "../../shared/abortable.ts";
import type { Bytes } from "../../shared/byte-input.ts";
import { isPromise } from "../../shared/maybe-promise.ts";
import { pause } from "../../shared/pause.ts";
import type { ProgressCount } from "../message-options.ts";
import type { BatchResult, SegmentBatch, SegmentCipher } from "../segments/segment-cipher.ts";
import { transferredAway } from "../transferred-away.ts";

export interface WholeWork {
  readonly cipher: SegmentCipher;
  readonly input: Uint8Array;
  /** Bytes of a full segment, in the input and in the result. */
  readonly unit: number;
  readonly resultUnit: number;
  /** Receives the results. */
  readonly output: Bytes;
  readonly progress: ProgressCount;
  readonly signal: AbortSignal | undefined;
  process(batch: SegmentBatch, into: Bytes): BatchResult;
  /** Bytes of plaintext in a batch. */
  plaintextLength(batch: SegmentBatch): number;
}

/** Seals or opens every segment of a message in memory. A single batch is done synchronously. */
export function processWhole(whole: WholeWork): Promise<void> | undefined {
  const { cipher, input, unit, output, progress, signal } = whole;
  throwIfAborted(signal);
  if (input.length > cipher.batchSegments * unit || cipher.parallelBatches > 1) return processInBatches(whole);
  const batch = { bytes: input, first: 0, final: true };
  const result = whole.process(batch, output);
  const done = () => progress.add(whole.plaintextLength(batch));
  if (isPromise(result)) return result.then(done);
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
      throwIfAborted(signal);
      if (input.length !== length) throw transferredAway();
      const end = Math.min(start + cipher.batchSegments * unit, length);
      const batch = { bytes: input.subarray(start, end), first, final: end === length };
      const result = whole.process(batch, output.subarray(first * resultUnit));
      if (isPromise(result)) result.catch(() => {});
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
