import { pause } from "../../shared/pause.ts";
import type { ProgressCount } from "../progress.ts";
import type { SegmentBatch, SegmentCipher, Worked } from "../segments/segment-cipher.ts";
import type { OrderedResults } from "./ordered-results.ts";

/** Two results, where there are no threads: the reader has one while the next is being made. */
const LEAST_RESULTS = 2;

export interface Feed {
  readonly cipher: SegmentCipher;
  readonly results: OrderedResults;
  readonly progress: ProgressCount;
  work(run: SegmentBatch): Worked;
  /** Bytes of plaintext in a run. */
  plaintextLength(run: SegmentBatch): number;
}

/** Works runs one after the other, or several at a time where the cipher can, and never more than the reader keeps up with. */
export async function feedRuns(runs: Iterable<SegmentBatch>, feed: Feed): Promise<void> {
  const { cipher, results, progress } = feed;
  for (const run of runs) {
    const wait = results.room() ?? pause();
    if (wait) await wait;
    const place = cipher.room();
    if (place) await place;
    results.capacity = Math.max(LEAST_RESULTS, cipher.parallelRuns);
    results.put(feed.work(run));
    progress.add(feed.plaintextLength(run));
  }
}
