import { LanelockError } from "../../errors.ts";
import type { Bytes } from "../../shared/byte-input.ts";
import { notAuthentic } from "../format/not-authentic.ts";
import type { BatchRequest, Reply, Request } from "./messages.ts";
import type { Spawn, Thread, ThreadEvents } from "./thread.ts";

interface Settle {
  resolve(bytes: Bytes): void;
  reject(error: unknown): void;
}

/** A thread that ended by itself: what it was working on is lost. */
export function threadEnded(cause: unknown): LanelockError {
  return new LanelockError("ERR_WORKER", "A worker thread ended before the message was done: try the message again", {
    cause,
  });
}

function startThread(spawn: Spawn, events: ThreadEvents): Thread {
  try {
    return spawn(events);
  } catch (cause) {
    throw new LanelockError("ERR_WORKER", "A worker thread could not be started: try again, or use workers: 1", {
      cause,
    });
  }
}

/** One thread of the pool with the runs it has been given. It keeps the process alive only while it has any. */
export class PoolThread {
  readonly #thread: Thread;
  readonly #batches = new Map<number, Settle>();
  readonly #onEnded: (thread: PoolThread) => void;
  readonly started: Promise<void>;
  #startedSettle: { resolve(): void; reject(error: unknown): void } | undefined;
  #ended: { readonly cause: unknown } | undefined;
  #nextBatch = 0;

  /** @throws LanelockError `ERR_WORKER` if the system does not let a thread start */
  constructor(spawn: Spawn, onEnded: (thread: PoolThread) => void) {
    this.#onEnded = onEnded;
    this.started = new Promise((resolve, reject) => {
      this.#startedSettle = { resolve, reject };
    });
    this.started.catch(() => {});
    this.#thread = startThread(spawn, { reply: (reply) => this.#take(reply), ended: (cause) => this.#end(cause) });
  }

  /** Runs it has been given and not finished. */
  get load(): number {
    return this.#batches.size;
  }

  post(request: Exclude<Request, BatchRequest>, transfer: ArrayBuffer[]): void {
    if (this.#ended === undefined) this.#thread.post(request, transfer);
  }

  work(request: Omit<BatchRequest, "batch">): Promise<Bytes> {
    if (this.#ended !== undefined) return Promise.reject(threadEnded(this.#ended.cause));
    const batch = this.#nextBatch++;
    return new Promise((resolve, reject) => {
      this.#batches.set(batch, { resolve, reject });
      this.#thread.keepProcess(true);
      this.#thread.post({ ...request, batch }, [request.bytes]);
    });
  }

  /** Resolves when the thread is gone; it is given nothing more from now on. */
  async terminate(): Promise<void> {
    this.#end(new Error("the pool was closed"));
    await this.#thread.terminate();
  }

  #take(reply: Reply): void {
    if (reply.kind === "ready") {
      this.#startedSettle?.resolve();
      this.#startedSettle = undefined;
    } else {
      const settle = this.#batches.get(reply.batch);
      this.#batches.delete(reply.batch);
      if (reply.kind === "done") settle?.resolve(new Uint8Array(reply.bytes, 0, reply.length));
      else settle?.reject(reply.forged ? notAuthentic() : threadEnded(new Error(reply.reason)));
    }
    if (this.#batches.size === 0) this.#thread.keepProcess(false);
  }

  #end(cause: unknown): void {
    if (this.#ended !== undefined) return;
    this.#ended = { cause };
    this.#startedSettle?.reject(threadEnded(cause));
    for (const settle of this.#batches.values()) settle.reject(threadEnded(cause));
    this.#batches.clear();
    this.#onEnded(this);
  }
}
