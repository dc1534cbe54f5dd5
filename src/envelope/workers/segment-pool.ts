import { LanelockError } from "../../errors.ts";
import type { Bytes } from "../../shared/byte-input.ts";
import { Places } from "../../shared/locks/places.ts";
import { clearTimeout, setTimeout, unref } from "../../shared/timers.ts";
import type { ChosenBackend } from "../segments/choose-backend.ts";
import type { BatchRequest } from "./messages.ts";
import { PoolThread } from "./pool-thread.ts";
import type { Spawn } from "./thread.ts";

/** One batch in progress and one waiting, so that a thread never idles between two. */
export const BATCHES_PER_THREAD = 2;

const IDLE_MILLISECONDS = 10_000;

export interface PoolOptions {
  readonly threads: number;
  readonly spawn: Spawn;
}

/**
 * Threads that seal and open segments for any number of messages. They start when they are needed and end after ten seconds without
 * work. If a thread crashes, the messages whose batches it had fail, and another thread replaces it.
 */
export class SegmentPool {
  readonly threads: number;
  readonly #spawn: Spawn;
  readonly #live = new Set<PoolThread>();
  readonly #places: Places;
  #running = 0;
  /** A thread failed to start while others run: start no more until the pool is idle. */
  #full = false;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #closing: Promise<void> | undefined;
  #drained: (() => void) | undefined;

  constructor({ threads, spawn }: PoolOptions) {
    this.threads = threads;
    this.#spawn = spawn;
    this.#places = new Places(threads * BATCHES_PER_THREAD);
  }

  /**
   * Resolves when a thread has started that can take batches for the backend.
   *
   * @throws LanelockError `ERR_WORKER` if none starts; `ERR_WASM` or `ERR_LIMIT` if its engine cannot be instantiated
   */
  async start(backend: ChosenBackend): Promise<void> {
    this.#checkOpen();
    this.#running += 1;
    clearTimeout(this.#idle);
    try {
      await this.#withThread(backend, async () => {});
    } finally {
      this.#end();
    }
  }

  /** Takes a place for one batch. Returns `undefined` if there is one now, or else a promise. */
  takePlace(): Promise<void> | undefined {
    return this.#places.take();
  }

  giveBackPlace(): void {
    this.#places.giveBack();
  }

  /** Seals or opens a batch for which a place was taken. Calls `prepare` with the thread before it sends the batch. */
  async process(
    backend: ChosenBackend,
    request: Omit<BatchRequest, "batch">,
    prepare: (thread: PoolThread) => void,
  ): Promise<Bytes> {
    this.#running += 1;
    clearTimeout(this.#idle);
    try {
      this.#checkOpen();
      return await this.#withThread(backend, (thread) => {
        prepare(thread);
        return thread.process(request);
      });
    } finally {
      this.giveBackPlace();
      this.#end();
    }
  }

  /** Accepts no more batches, lets those in progress finish, and resolves when every thread has ended. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
    await this.#endThreads();
  }

  /** Uses the least loaded thread, once it has started. If it does not start, another takes over. */
  async #withThread<T>(backend: ChosenBackend, use: (thread: PoolThread) => Promise<T>): Promise<T> {
    for (;;) {
      const thread = this.#leastLoaded(backend);
      thread.load += 1;
      try {
        if (thread.hasStarted || (await this.#starts(thread, backend))) return await use(thread);
      } finally {
        thread.load -= 1;
      }
    }
  }

  /** Whether the thread starts. @throws its failure if no other thread can take its work */
  async #starts(thread: PoolThread, backend: ChosenBackend): Promise<boolean> {
    try {
      await thread.started(backend);
      return true;
    } catch (failure) {
      // Without an engine it is useless, unless it has batches for the platform's AES.
      if (thread.load === 1) void thread.terminate();
      if (!this.#hasOther(thread, backend)) throw failure;
      this.#full = true;
      return false;
    }
  }

  #hasOther(failed: PoolThread, backend: ChosenBackend): boolean {
    for (const thread of this.#live) if (thread !== failed && thread.mayServe(backend)) return true;
    return false;
  }

  #leastLoaded(backend: ChosenBackend): PoolThread {
    let best: PoolThread | undefined;
    for (const thread of this.#live) {
      if (thread.mayServe(backend) && (best === undefined || thread.load < best.load)) best = thread;
    }
    if (best !== undefined && (best.load === 0 || this.#full || this.#live.size >= this.threads)) return best;
    try {
      return this.#addThread();
    } catch (error) {
      // The existing threads are enough; it only takes longer.
      if (best !== undefined) return best;
      throw error;
    }
  }

  /** @throws LanelockError `ERR_WORKER` if the system does not let a thread start */
  #addThread(): PoolThread {
    const thread = new PoolThread(this.#spawn, (ended) => this.#live.delete(ended));
    this.#live.add(thread);
    return thread;
  }

  #end(): void {
    this.#running -= 1;
    if (this.#running === 0) this.#rest();
  }

  #rest(): void {
    clearTimeout(this.#idle);
    this.#full = false;
    if (this.#closing) {
      this.#drained?.();
      return;
    }
    this.#idle = setTimeout(() => void this.#endThreads(), IDLE_MILLISECONDS);
    unref(this.#idle);
  }

  async #endThreads(): Promise<void> {
    clearTimeout(this.#idle);
    await Promise.all([...this.#live].map((thread) => thread.terminate()));
  }

  #checkOpen(): void {
    if (this.#closing) throw new LanelockError("ERR_STATE", "This envelope is closed: make a new one");
  }
}
