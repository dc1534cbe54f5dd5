import { LanelockError } from "../../errors.ts";
import type { Bytes } from "../../shared/byte-input.ts";
import { Places } from "../../shared/locks/places.ts";
import { clearTimeout, setTimeout } from "../../shared/timers.ts";
import type { BatchRequest } from "./messages.ts";
import { PoolThread } from "./pool-thread.ts";
import type { Spawn } from "./thread.ts";

/** One run at work and one waiting, so that a thread never idles between two. */
export const BATCHES_PER_THREAD = 2;

const IDLE_MILLISECONDS = 10_000;

export interface PoolOptions {
  readonly threads: number;
  readonly spawn: Spawn;
}

/**
 * Threads that seal and open segments for any number of messages. They start when there is work and end after ten seconds
 * without; a thread that crashes fails the messages it had runs of, and another takes its place.
 */
export class SegmentPool {
  readonly threads: number;
  readonly #spawn: Spawn;
  readonly #live = new Set<PoolThread>();
  readonly #places: Places;
  #running = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #closing: Promise<void> | undefined;
  #drained: (() => void) | undefined;

  constructor({ threads, spawn }: PoolOptions) {
    this.threads = threads;
    this.#spawn = spawn;
    this.#places = new Places(threads * BATCHES_PER_THREAD);
  }

  /** Shows that threads can start here. @throws LanelockError `ERR_WORKER` if not */
  async start(): Promise<void> {
    this.#checkOpen();
    const [present] = this.#live;
    await (present ?? this.#addThread()).started;
    if (this.#running === 0) this.#rest();
  }

  /** A place for one run: at once, which is `undefined`, or when the promise settles. */
  takePlace(): Promise<void> | undefined {
    return this.#places.take();
  }

  giveBackPlace(): void {
    this.#places.giveBack();
  }

  /** Works a run for which a place was taken. `prepare` is told which thread it will be, before the run goes there. */
  async work(request: Omit<BatchRequest, "batch">, prepare: (thread: PoolThread) => void): Promise<Bytes> {
    this.#running += 1;
    clearTimeout(this.#idle);
    try {
      this.#checkOpen();
      const thread = this.#leastLoaded();
      prepare(thread);
      return await thread.work(request);
    } finally {
      this.#running -= 1;
      this.giveBackPlace();
      if (this.#running === 0) this.#rest();
    }
  }

  /** Lets what is at work finish, takes nothing more, and resolves when every thread has ended. */
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

  #leastLoaded(): PoolThread {
    let best: PoolThread | undefined;
    for (const thread of this.#live) if (best === undefined || thread.load < best.load) best = thread;
    if (best !== undefined && (best.load === 0 || this.#live.size >= this.threads)) return best;
    try {
      return this.#addThread();
    } catch (error) {
      // It will take longer with fewer threads, but be done.
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

  #rest(): void {
    clearTimeout(this.#idle);
    if (this.#closing) {
      this.#drained?.();
      return;
    }
    this.#idle = setTimeout(() => void this.#endThreads(), IDLE_MILLISECONDS);
    (this.#idle as { unref?(): void }).unref?.();
  }

  async #endThreads(): Promise<void> {
    clearTimeout(this.#idle);
    await Promise.all([...this.#live].map((thread) => thread.terminate()));
  }

  #checkOpen(): void {
    if (this.#closing) throw new LanelockError("ERR_STATE", "This envelope is closed: make a new one");
  }
}
