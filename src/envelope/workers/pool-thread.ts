import { LanelockError } from "../../errors.ts";
import type { Bytes } from "../../shared/byte-input.ts";
import { notAuthentic } from "../format/not-authentic.ts";
import type { ChosenBackend } from "../segments/choose-backend.ts";
import type { BatchRequest, Failure, Reply, Request } from "./messages.ts";
import type { Spawn, Thread, ThreadEvents } from "./thread.ts";

interface Settle {
  resolve(bytes: Bytes): void;
  reject(error: unknown): void;
}

/** A thread ended unexpectedly: its batches are lost. */
export function threadEnded(cause: unknown): LanelockError {
  return new LanelockError("ERR_WORKER", "A worker thread ended before the message was done: try the message again", {
    cause,
  });
}

function startThread(spawn: Spawn, events: ThreadEvents): Thread {
  try {
    return spawn(events);
  } catch (cause) {
    throw notStarted(cause);
  }
}

function notStarted(cause: unknown): LanelockError {
  return new LanelockError("ERR_WORKER", "A worker thread could not be started: try again, or use workers: 1", {
    cause,
  });
}

/** Why a thread has no engine, or could not use it. */
function engineError({ code, message }: Failure): LanelockError {
  const known = code === "ERR_LIMIT" ? "ERR_LIMIT" : "ERR_WASM";
  return new LanelockError(known, `A worker thread could not use the engine. ${message}`);
}

function errorOf(failure: Failure): LanelockError {
  if (failure.code === "ERR_AUTHENTICATION") return notAuthentic();
  if (failure.code === "ERR_WASM" || failure.code === "ERR_LIMIT") return engineError(failure);
  return threadEnded(new Error(failure.message));
}

/** One thread of the pool and the batches it has been given. It keeps the process alive only while it has any. */
export class PoolThread {
  readonly #thread: Thread;
  readonly #batches = new Map<number, Settle>();
  readonly #onEnded: (thread: PoolThread) => void;
  readonly #ready: Promise<void>;
  #settleReady: { resolve(): void; reject(error: unknown): void } | undefined;
  #engineFailure: Failure | undefined;
  #ended: { readonly cause: unknown } | undefined;
  #nextBatch = 0;
  /** Unfinished batches assigned to it, including those assigned while it starts. The pool counts them. */
  load = 0;

  /** @throws LanelockError `ERR_WORKER` if the system does not let a thread start */
  constructor(spawn: Spawn, onEnded: (thread: PoolThread) => void) {
    this.#onEnded = onEnded;
    this.#ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
    this.#ready.catch(() => {});
    this.#thread = startThread(spawn, { reply: (reply) => this.#take(reply), ended: (cause) => this.#end(cause) });
  }

  get hasStarted(): boolean {
    return this.#settleReady === undefined;
  }

  /** Whether it can take batches for the backend. Not known to be false while it is still starting. */
  mayServe(backend: ChosenBackend): boolean {
    return backend === "native" || this.#engineFailure === undefined;
  }

  /**
   * Resolves when the thread has started and, for `"wasm"`, instantiated its engine.
   *
   * @throws LanelockError `ERR_WORKER` if it did not start; `ERR_WASM` or `ERR_LIMIT` if it has no engine
   */
  async started(backend: ChosenBackend): Promise<void> {
    await this.#ready;
    if (backend === "wasm" && this.#engineFailure) throw engineError(this.#engineFailure);
  }

  post(request: Exclude<Request, BatchRequest>, transfer: ArrayBuffer[]): void {
    if (this.#ended === undefined) this.#thread.post(request, transfer);
  }

  /** Sends a batch to the thread, which must have started, to be sealed or opened. */
  process(request: Omit<BatchRequest, "batch">): Promise<Bytes> {
    if (this.#ended !== undefined) return Promise.reject(threadEnded(this.#ended.cause));
    const batch = this.#nextBatch++;
    return new Promise((resolve, reject) => {
      this.#batches.set(batch, { resolve, reject });
      this.#thread.keepProcess(true);
      this.#thread.post({ ...request, batch }, [request.bytes]);
    });
  }

  /** Resolves when the thread has ended. The thread gets no more batches from now on. */
  async terminate(): Promise<void> {
    this.#end(new Error("the pool was closed"));
    await this.#thread.terminate();
  }

  #take(reply: Reply): void {
    if (reply.kind === "ready") {
      this.#engineFailure = reply.engineFailure;
      this.#settleReady?.resolve();
      this.#settleReady = undefined;
    } else {
      const settle = this.#batches.get(reply.batch);
      this.#batches.delete(reply.batch);
      if (reply.kind === "done") settle?.resolve(new Uint8Array(reply.bytes, 0, reply.length));
      else settle?.reject(errorOf(reply.failure));
    }
    if (this.#batches.size === 0) this.#thread.keepProcess(false);
  }

  #end(cause: unknown): void {
    if (this.#ended !== undefined) return;
    this.#ended = { cause };
    this.#settleReady?.reject(notStarted(cause));
    for (const settle of this.#batches.values()) settle.reject(threadEnded(cause));
    this.#batches.clear();
    this.#onEnded(this);
  }
}
