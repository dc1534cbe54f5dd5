import { pause } from "../../shared/pause.ts";
import type { ProgressCount } from "../progress.ts";
import type { BatchResult, SegmentBatch, SegmentCipher } from "../segments/segment-cipher.ts";
import type { OrderedResults } from "./ordered-results.ts";

/** Two results, where there are no threads: the reader has one while the next is being made. */
const LEAST_RESULTS = 2;

export interface Feed {
  readonly cipher: SegmentCipher;
  readonly results: OrderedResults;
  readonly progress: ProgressCount;
  work(batch: SegmentBatch): BatchResult;
  /** Bytes of plaintext in a run. */
  plaintextLength(batch: SegmentBatch): number;
}

/** Works runs one after the other, or several at a time where the cipher can, and never more than the reader keeps up with. */
export async function feedBatches(batches: Iterable<SegmentBatch>, feed: Feed): Promise<void> {
  const { cipher, results, progress } = feed;
  for (const batch of batches) {
    const wait = results.space() ?? pause();
    if (wait) await wait;
    const place = cipher.reserve();
    if (place) await place;
    results.capacity = Math.max(LEAST_RESULTS, cipher.parallelBatches);
    results.put(feed.work(batch));
    progress.add(feed.plaintextLength(batch));
  }
}
