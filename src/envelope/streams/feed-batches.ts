import { pause } from "../../shared/pause.ts";
import type { ProgressCount } from "../message-options.ts";
import type { BatchResult, SegmentBatch, SegmentCipher } from "../segments/segment-cipher.ts";
import { transferredAway } from "../transferred-away.ts";
import type { OrderedResults } from "./ordered-results.ts";

/** Without threads, two results: the reader consumes one while the next is made. */
const LEAST_RESULTS = 2;

export interface Feed {
  readonly cipher: SegmentCipher;
  readonly results: OrderedResults;
  readonly progress: ProgressCount;
  process(batch: SegmentBatch): BatchResult;
  /** Bytes of plaintext in a batch. */
  plaintextLength(batch: SegmentBatch): number;
}

/** Seals or opens batches in order, several at a time if the cipher can, but no faster than the reader takes the results. */
export async function feedBatches(batches: Iterable<SegmentBatch>, feed: Feed): Promise<void> {
  const { cipher, results, progress } = feed;
  for (const batch of batches) {
    const { length } = batch.bytes;
    const wait = results.space() ?? pause();
    if (wait) await wait;
    const place = cipher.reserve();
    if (place) await place;
    // Meanwhile the chunk may have lost its buffer, and an empty batch would be sealed in its place.
    if (batch.bytes.length !== length) throw transferredAway();
    results.capacity = Math.max(LEAST_RESULTS, cipher.parallelBatches);
    results.put(feed.process(batch));
    progress.add(feed.plaintextLength(batch));
  }
}
