import { LanelockError } from "../../errors.ts";
import { codeOf, messageOf } from "../../shared/thrown.ts";
import { performance } from "../../shared/timers.ts";
import type { ChosenBackend } from "../segments/choose-backend.ts";
import { SegmentPool } from "./segment-pool.ts";
import { platformSpawn } from "./thread.ts";

/** `"auto"` never starts more threads than this. */
const MOST_AUTOMATIC = 8;

export const MAX_WORKERS = 64;

/** How long `"auto"` goes without threads after none could start: memory may have been short. */
const RETRY_MILLISECONDS = 10_000;

/**
 * The threads an envelope may use. `"auto"`: one per processor, at most 8, for messages that the engine seals or opens; none if
 * threads cannot start. A number from 2 to 64: that many, for every long message. 0 and 1: only the calling thread.
 */
export type Workers = "auto" | number;

/** The pool of one envelope, made when it is first needed. */
export class WorkerChoice {
  readonly #workers: Workers;
  #pool: SegmentPool | undefined;
  #retryAt = 0;
  #closed = false;

  constructor(workers: Workers) {
    this.#workers = workers;
  }

  /** Whether messages that `backend` seals or opens go to threads. */
  wantsPool(backend: ChosenBackend): boolean {
    return this.#workers === "auto" ? backend === "wasm" && automaticThreads() > 1 : this.#workers > 1;
  }

  /**
   * The pool, with at least one started thread; `undefined` if none starts under `"auto"`.
   *
   * @throws LanelockError if the option is a number and no thread starts: `ERR_WASM` or `ERR_LIMIT` if a thread cannot have
   *   an engine, otherwise `ERR_UNSUPPORTED`; `ERR_STATE` after `close`
   */
  async pool(backend: ChosenBackend): Promise<SegmentPool | undefined> {
    this.#checkOpen();
    const automatic = this.#workers === "auto";
    if (automatic && performance.now() < this.#retryAt) return undefined;
    try {
      this.#pool ??= this.#makePool();
      await this.#pool.start(backend);
      return this.#pool;
    } catch (cause) {
      this.#checkOpen();
      this.#retryAt = performance.now() + RETRY_MILLISECONDS;
      if (automatic) return undefined;
      throw cannotStart(cause);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool?.close();
  }

  #makePool(): SegmentPool {
    const threads = this.#workers === "auto" ? automaticThreads() : this.#workers;
    const spawn = platformSpawn();
    if (spawn === undefined)
      throw new LanelockError("ERR_UNSUPPORTED", "This host has no worker threads: use workers: 1");
    return new SegmentPool({ threads, spawn });
  }

  #checkOpen(): void {
    if (this.#closed) throw new LanelockError("ERR_STATE", "This envelope is closed: make a new one");
  }
}

/** The error for a number of workers when no thread starts. */
function cannotStart(failure: unknown): LanelockError {
  const code = codeOf(failure);
  if (code === "ERR_WASM" || code === "ERR_LIMIT") {
    return new LanelockError(code, messageOf(failure), { cause: failure });
  }
  const cause = code === "ERR_WORKER" && failure instanceof Error ? failure.cause : failure;
  return new LanelockError("ERR_UNSUPPORTED", `Worker threads cannot start here (${reasonOf(cause)}): use workers: 1`, {
    cause,
  });
}

/** Why a thread did not start, and how to fix that. */
function reasonOf(cause: unknown): string {
  if (codeOf(cause) === "ERR_ACCESS_DENIED") return "Node's permission model forbids them without --allow-worker";
  const message = messageOf(cause);
  // Chromium names the type that it wants; Firefox speaks of the sink.
  if (/TrustedScriptURL|Sink type mismatch/.test(message)) {
    return 'the page\'s Content-Security-Policy requires Trusted Types and needs "trusted-types lanelock"';
  }
  const isPage = typeof document === "object" && typeof globalThis.process?.getBuiltinModule !== "function";
  return isPage && codeOf(cause) !== "ERR_UNSUPPORTED"
    ? `the page's Content-Security-Policy may need "worker-src blob:"; ${message}`
    : message;
}

let threadsFound: number | undefined;

/** Cached: every message needs it. */
function automaticThreads(): number {
  threadsFound ??= countThreads();
  return threadsFound;
}

function countThreads(): number {
  const node = globalThis.process?.getBuiltinModule?.("node:os");
  const processors = node?.availableParallelism?.() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
  return Math.min(processors, MOST_AUTOMATIC);
}
