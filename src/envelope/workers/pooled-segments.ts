import { LanelockError } from "../../errors.ts";
import { type Bytes, copyOf } from "../../shared/byte-input.ts";
import { notAuthentic } from "../format/not-authentic.ts";
import { TAG_LENGTH } from "../format/segment-layout.ts";
import { type MessageKeys, wipeMessageKeys } from "../keys/message-keys.ts";
import type { ChosenBackend } from "../segments/choose-backend.ts";
import { resultBuffer } from "../segments/run-buffer.ts";
import {
  openedRunLength,
  type SegmentBatch,
  type SegmentCipher,
  sealedRunLength,
  segmentsIn,
  segmentsOf,
} from "../segments/segment-cipher.ts";
import type { PoolThread } from "./pool-thread.ts";
import { RUNS_PER_THREAD, type SegmentPool } from "./segment-pool.ts";

const RUN_BYTES = 2 ** 18;
/** With two runs at a thread, at most eight segments of it are in flight. */
const MAX_RUN_SEGMENTS = 4;

export function pooledRunSegments(segmentSize: number): number {
  return Math.min(MAX_RUN_SEGMENTS, segmentsIn(RUN_BYTES, segmentSize));
}

let nextMessage = 0;

/** Segments of one message by the threads of a pool. */
export class PooledSegments implements SegmentCipher {
  readonly runSegments: number;
  readonly parallelRuns: number;
  readonly #pool: SegmentPool;
  readonly #backend: ChosenBackend;
  readonly #keys: MessageKeys;
  readonly #message = nextMessage++;
  /** Threads that have the keys of this message. */
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
    this.runSegments = pooledRunSegments(keys.segmentSize);
    this.parallelRuns = pool.threads * RUNS_PER_THREAD;
  }

  room(): Promise<void> | undefined {
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

  seal(run: SegmentBatch, into?: Bytes): Promise<Bytes> {
    const size = this.#keys.segmentSize;
    const bytes = resultBuffer(sealedRunLength(run.bytes.length, size));
    for (const { start, end, resultStart } of segmentsOf(run, size, size + TAG_LENGTH)) {
      bytes.set(run.bytes.subarray(start, end), resultStart);
    }
    return this.#work("seal", { ...run, bytes }, into);
  }

  open(run: SegmentBatch, into?: Bytes): Promise<Bytes> {
    if (openedRunLength(run.bytes.length, this.#keys.segmentSize) < 0) return Promise.reject(notAuthentic());
    const bytes = resultBuffer(run.bytes.length);
    bytes.set(run.bytes);
    return this.#work("open", { ...run, bytes }, into);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    wipeMessageKeys(this.#keys);
    for (const thread of this.#keyed) thread.post({ kind: "forget", message: this.#message }, []);
    for (; this.#places > 0; this.#places--) this.#pool.giveBackPlace();
  }

  /** @param own a run in a buffer of its own, which goes to the thread */
  async #work(
    kind: "seal" | "open",
    own: SegmentBatch & { readonly bytes: Bytes },
    into: Bytes | undefined,
  ): Promise<Bytes> {
    if (this.#disposed) throw messageEnded();
    this.#places -= 1;
    const { first, final, bytes } = own;
    const request = { kind, message: this.#message, first, final, bytes: bytes.buffer };
    const result = await this.#pool.work(request, (thread) => this.#giveKeys(thread));
    if (into === undefined) return result;
    into.set(result);
    return into.subarray(0, result.length);
  }

  #giveKeys(thread: PoolThread): void {
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
  return new LanelockError("ERR_STATE", "This message has ended");
}
