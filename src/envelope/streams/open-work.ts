import { throwIfAborted } from "../../shared/abortable.ts";
import type { Bytes } from "../../shared/byte-input.ts";
import { parseHeader } from "../format/header.ts";
import { notAuthentic } from "../format/not-authentic.ts";
import { MAX_SEGMENTS, TAG_LENGTH } from "../format/segment-layout.ts";
import { wipeMessageKeys } from "../keys/message-keys.ts";
import { type MessageOptions, ProgressCount } from "../message-options.ts";
import { startOpening } from "../message-start.ts";
import { makeSegmentCipher } from "../segments/make-segment-cipher.ts";
import { openedBatchLength, type SegmentBatch, type SegmentCipher } from "../segments/segment-cipher.ts";
import { feedBatches } from "./feed-batches.ts";
import { HeadBuffer } from "./head-buffer.ts";
import type { StreamWork } from "./message-stream.ts";
import type { OrderedResults } from "./ordered-results.ts";
import type { WorkContext } from "./seal-work.ts";
import { SegmentSplitter } from "./segment-splitter.ts";

interface Started {
  readonly cipher: SegmentCipher;
  readonly splitter: SegmentSplitter;
  readonly segmentSize: number;
  charge(bytes: number): void;
}

/** Opens a message segment by segment; only verified plaintext leaves. */
export class OpenWork implements StreamWork {
  readonly #context: WorkContext;
  readonly #progress: ProgressCount;
  readonly #head = new HeadBuffer();
  #started: Started | undefined;
  #disposed = false;

  constructor(context: WorkContext, { onProgress }: MessageOptions) {
    this.#context = context;
    this.#progress = new ProgressCount(onProgress, undefined);
  }

  async write(chunk: Uint8Array, results: OrderedResults): Promise<void> {
    let rest = chunk;
    if (this.#started === undefined) {
      rest = chunk.subarray(this.#head.take(chunk));
      const header = this.#head.complete();
      if (header === undefined) return;
      this.#started = await this.#start(header);
    }
    const { splitter } = this.#started;
    await this.#feed(splitter.batches(rest), results);
  }

  async end(results: OrderedResults): Promise<void> {
    if (this.#started === undefined) throw notAuthentic();
    const { splitter, segmentSize } = this.#started;
    const batch = splitter.rest();
    // Shorter than a tag, or empty after others.
    if (openedBatchLength(batch.bytes.length, segmentSize) < Math.min(1, batch.first)) throw notAuthentic();
    await this.#feed([batch], results);
  }

  dispose(): void {
    this.#disposed = true;
    this.#started?.cipher.dispose();
    this.#started?.splitter.wipe();
  }

  async #feed(batches: Iterable<SegmentBatch>, results: OrderedResults): Promise<void> {
    if (this.#started === undefined) return;
    const { cipher, segmentSize, charge } = this.#started;
    const plaintextLength = (batch: SegmentBatch) => openedBatchLength(batch.bytes.length, segmentSize);
    const process = (batch: SegmentBatch) => {
      if (batch.first + Math.ceil(batch.bytes.length / (segmentSize + TAG_LENGTH)) > MAX_SEGMENTS) throw notAuthentic();
      charge(plaintextLength(batch));
      return cipher.open(batch);
    };
    await feedBatches(batches, { cipher, results, progress: this.#progress, process, plaintextLength });
  }

  async #start(headerBytes: Bytes): Promise<Started> {
    const { origin, target, signal } = this.#context;
    const header = parseHeader(headerBytes);
    const keys = await startOpening(origin, header, { bytes: undefined, signal });
    try {
      const cipher = await makeSegmentCipher(target, keys, undefined);
      const splitter = new SegmentSplitter(keys.segmentSize + TAG_LENGTH, cipher.batchSegments);
      const charge = origin.dataKeys.chargeOf(header);
      const started = { cipher, splitter, segmentSize: keys.segmentSize, charge };
      this.#started = started;
      if (this.#disposed) this.dispose();
      throwIfAborted(signal);
      return started;
    } finally {
      wipeMessageKeys(keys);
    }
  }
}
