import { LanelockError } from "../../errors.ts";
import { SegmentPool } from "./segment-pool.ts";
import { platformSpawn } from "./thread.ts";

/** Threads beyond this many are never started unless they are asked for by number. */
const MOST_AUTOMATIC = 8;

export const MAX_WORKERS = 64;

/**
 * The threads an envelope may use: `"auto"` as many as there are processors, at most 8, for what the engine works on and only where
 * threads can start; a number of 2 to 64 for every long message; 0 and 1 mean the calling thread.
 */
export type Workers = "auto" | number;

/** The pool of one envelope, made when it is first needed. */
export class WorkerChoice {
  readonly #workers: Workers;
  #pool: Promise<SegmentPool | undefined> | undefined;
  #closed = false;

  constructor(workers: Workers) {
    this.#workers = workers;
  }

  /** Whether messages result by `backend` go to threads. */
  wantsPool(backend: "native" | "wasm"): boolean {
    return this.#workers === "auto" ? backend === "wasm" && automaticThreads() > 1 : this.#workers > 1;
  }

  /**
   * The pool; `undefined` where `"auto"` finds that threads cannot start.
   *
   * @throws LanelockError `ERR_UNSUPPORTED` where a number of threads was asked for and they cannot start; `ERR_STATE` after
   *   `close`
   */
  async pool(): Promise<SegmentPool | undefined> {
    if (this.#closed) throw new LanelockError("ERR_STATE", "This envelope is closed: make a new one");
    this.#pool ??= this.#start();
    return this.#pool;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const pool = await this.#pool?.catch(() => undefined);
    await pool?.close();
  }

  async #start(): Promise<SegmentPool | undefined> {
    const automatic = this.#workers === "auto";
    const threads = automatic ? automaticThreads() : Number(this.#workers);
    const spawn = platformSpawn();
    try {
      if (spawn === undefined) throw new Error("there are no worker threads here");
      const pool = new SegmentPool({ threads, spawn });
      await pool.start();
      return pool;
    } catch (cause) {
      if (automatic) return undefined;
      throw new LanelockError(
        "ERR_UNSUPPORTED",
        'Worker threads cannot start here (on a page, its Content-Security-Policy needs "worker-src blob:"): use workers: 1',
        { cause },
      );
    }
  }
}

let threadsFound: number | undefined;

/** Asked of the system once: every message needs to know. */
function automaticThreads(): number {
  threadsFound ??= countThreads();
  return threadsFound;
}

function countThreads(): number {
  const node = globalThis.process?.getBuiltinModule?.("node:os");
  const processors = node?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
  return Math.min(processors, MOST_AUTOMATIC);
}
