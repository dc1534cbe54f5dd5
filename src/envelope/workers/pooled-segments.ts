import { LanelockError } from "../../errors.ts";
import { type Bytes, copyOf } from "../../shared/byte-input.ts";
import { notAuthentic } from "../format/not-authentic.ts";
import { TAG_LENGTH } from "../format/segment-layout.ts";
import { type MessageKeys, wipeMessageKeys } from "../keys/message-keys.ts";
import type { ChosenBackend } from "../segments/choose-backend.ts";
import { resultBuffer } from "../segments/result-buffer.ts";
import {
  openedBatchLength,
  type SegmentBatch,
  type SegmentCipher,
  sealedBatchLength,
  segmentsIn,
  segmentsOf,
} from "../segments/segment-cipher.ts";
import type { PoolThread } from "./pool-thread.ts";
import { BATCHES_PER_THREAD, type SegmentPool } from "./segment-pool.ts";

const BATCH_BYTES = 2 ** 18;
/** A thread has at most two batches, so eight segments in flight. */
const MAX_BATCH_SEGMENTS = 4;

export function pooledBatchSegments(segmentSize: number): number {
  return Math.min(MAX_BATCH_SEGMENTS, segmentsIn(BATCH_BYTES, segmentSize));
}

let nextMessage = 0;

/** Seals and opens the segments of one message on the threads of a pool. */
export class PooledSegments implements SegmentCipher {
  readonly batchSegments: number;
  readonly parallelBatches: number;
  readonly #pool: SegmentPool;
  readonly #backend: ChosenBackend;
  readonly #keys: MessageKeys;
  readonly #message = nextMessage++;
  /** Threads that were given the keys of this message. */
  readonly #keyed = new Set<PoolThread>();
  #disposed = false;
  #places = 0;

  /** @param keys copied */
  constructor(pool: SegmentPool, backend: ChosenBackend, keys: MessageKeys) {
    this.#pool = pool;
    this.#backend = backend;
    this.#keys = {
      ...keys,
      segmentKey: copyOf(keys.segmentKey),
      noncePrefix: copyOf(keys.noncePrefix),
      commitment: new Uint8Array(0),
    };
    this.batchSegments = pooledBatchSegments(keys.segmentSize);
    this.parallelBatches = pool.threads * BATCHES_PER_THREAD;
  }

  reserve(): Promise<void> | undefined {
    if (this.#disposed) throw messageEnded();
    const wait = this.#pool.takePlace();
    if (wait === undefined) {
      this.#places += 1;
      return undefined;
    }
    return wait.then(() => {
      if (!this.#disposed) this.#places += 1;
      else this.#pool.giveBackPlace();
    });
  }

  seal(batch: SegmentBatch, into?: Bytes): Promise<Bytes> {
    const size = this.#keys.segmentSize;
    const bytes = resultBuffer(sealedBatchLength(batch.bytes.length, size));
    for (const { start, end, resultStart } of segmentsOf(batch, size, size + TAG_LENGTH)) {
      bytes.set(batch.bytes.subarray(start, end), resultStart);
    }
    return this.#process("seal", { ...batch, bytes }, into);
  }

  open(batch: SegmentBatch, into?: Bytes): Promise<Bytes> {
    if (openedBatchLength(batch.bytes.length, this.#keys.segmentSize) < 0) return Promise.reject(notAuthentic());
    const bytes = resultBuffer(batch.bytes.length);
    bytes.set(batch.bytes);
    return this.#process("open", { ...batch, bytes }, into);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    wipeMessageKeys(this.#keys);
    for (const thread of this.#keyed) thread.post({ kind: "forget", message: this.#message }, []);
    for (; this.#places > 0; this.#places--) this.#pool.giveBackPlace();
  }

  /** @param own a batch in its own buffer, which is transferred to the thread */
  async #process(
    kind: "seal" | "open",
    own: SegmentBatch & { readonly bytes: Bytes },
    into: Bytes | undefined,
  ): Promise<Bytes> {
    if (this.#disposed) throw messageEnded();
    this.#places -= 1;
    const { first, final, bytes } = own;
    const request = { kind, message: this.#message, first, final, bytes: bytes.buffer };
    const result = await this.#pool.process(this.#backend, request, (thread) => this.#giveKeys(thread));
    if (into === undefined) return result;
    into.set(result);
    return into.subarray(0, result.length);
  }

  #giveKeys(thread: PoolThread): void {
    // The message may have ended while the thread was starting; its keys are zeros now.
    if (this.#disposed) throw messageEnded();
    if (this.#keyed.has(thread)) return;
    this.#keyed.add(thread);
    const { suite, segmentSize, segmentKey, noncePrefix } = this.#keys;
    const secret = new Uint8Array(segmentKey.length + noncePrefix.length);
    secret.set(segmentKey);
    secret.set(noncePrefix, segmentKey.length);
    const backend = this.#backend;
    const request = { kind: "keys", message: this.#message, suite: suite.id, segmentSize, backend } as const;
    thread.post({ ...request, secret: secret.buffer }, [secret.buffer]);
  }
}

function messageEnded(): LanelockError {
  return new LanelockError("ERR_STATE", "This message has ended: begin another");
}
