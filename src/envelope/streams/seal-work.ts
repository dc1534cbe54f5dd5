import { LanelockError } from "../../errors.ts";
import { throwIfAborted } from "../../shared/abortable.ts";
import { encodeHeader } from "../format/header.ts";
import { layoutOfPlaintext, MAX_SEGMENTS, tooLong } from "../format/segment-layout.ts";
import { wipeMessageKeys } from "../keys/message-keys.ts";
import { ProgressCount } from "../message-options.ts";
import { type MessageOrigin, startSealing } from "../message-start.ts";
import { type ExecutionTarget, makeSegmentCipher } from "../segments/make-segment-cipher.ts";
import type { SegmentBatch, SegmentCipher } from "../segments/segment-cipher.ts";
import { type Feed, feedBatches } from "./feed-batches.ts";
import type { StreamWork } from "./message-stream.ts";
import type { OrderedResults } from "./ordered-results.ts";
import type { SealStreamOptions } from "./seal-stream-options.ts";
import { SegmentSplitter } from "./segment-splitter.ts";

export interface WorkContext {
  readonly origin: MessageOrigin;
  readonly target: ExecutionTarget;
  readonly signal: AbortSignal;
}

/** Seals a stream. It gets the data key at the first chunk. */
export class SealWork implements StreamWork {
  readonly #context: WorkContext;
  readonly #options: SealStreamOptions;
  readonly #progress: ProgressCount;
  #started: { readonly cipher: SegmentCipher; readonly splitter: SegmentSplitter } | undefined;
  #written = 0;
  #disposed = false;

  /** @throws LanelockError `ERR_LIMIT` if a message of `length` bytes would have too many segments */
  constructor(context: WorkContext, options: SealStreamOptions) {
    this.#context = context;
    this.#options = options;
    if (options.length !== undefined) layoutOfPlaintext(options.length, this.#segmentSize);
    this.#progress = new ProgressCount(options.onProgress, options.length);
  }

  get #segmentSize(): number {
    return 2 ** this.#context.origin.segmentSizeLog2;
  }

  async write(chunk: Uint8Array, results: OrderedResults): Promise<void> {
    const { cipher, splitter } = this.#started ?? (await this.#start(results));
    this.#written += chunk.length;
    const { length } = this.#options;
    if (length !== undefined && this.#written > length) throw wrongLength(length, this.#written);
    if (this.#written > MAX_SEGMENTS * this.#segmentSize) throw tooLong(this.#segmentSize);
    await feedBatches(splitter.batches(chunk), this.#feed(cipher, results));
  }

  async end(results: OrderedResults): Promise<void> {
    const { cipher, splitter } = this.#started ?? (await this.#start(results));
    const { length } = this.#options;
    if (length !== undefined && this.#written !== length) throw wrongLength(length, this.#written);
    await feedBatches([splitter.rest()], this.#feed(cipher, results));
  }

  dispose(): void {
    this.#disposed = true;
    this.#started?.cipher.dispose();
    this.#started?.splitter.wipe();
  }

  #feed(cipher: SegmentCipher, results: OrderedResults): Feed {
    const process = (batch: SegmentBatch) => cipher.seal(batch);
    return { cipher, results, progress: this.#progress, process, plaintextLength: (batch) => batch.bytes.length };
  }

  async #start(results: OrderedResults): Promise<{ cipher: SegmentCipher; splitter: SegmentSplitter }> {
    const { origin, target, signal } = this.#context;
    const { length } = this.#options;
    const { header, keys } = await startSealing(origin, { bytes: length, signal });
    try {
      const cipher = await makeSegmentCipher(target, keys, length);
      const splitter = new SegmentSplitter(keys.segmentSize, cipher.batchSegments);
      this.#started = { cipher, splitter };
      if (this.#disposed) this.dispose();
      throwIfAborted(signal);
      results.put(encodeHeader(header));
      return this.#started;
    } finally {
      wipeMessageKeys(keys);
    }
  }
}

function wrongLength(promised: number, written: number): LanelockError {
  return new LanelockError(
    "ERR_LENGTH",
    `The stream has ${written} bytes, but its length option says ${promised}: write exactly that many, or leave out length`,
  );
}
