import { chunks } from "../../engine/engine.generated.ts";
import type { Reply, Request } from "./messages.ts";
import { workerCode } from "./worker-code.generated.ts";

/** A worker thread, of Node or of a browser. */
export interface Thread {
  post(request: Request, transfer: ArrayBuffer[]): void;
  /** Whether the process stays alive for it. */
  keepProcess(keep: boolean): void;
  /** Resolves when the thread has ended. */
  terminate(): Promise<void>;
}

export interface ThreadEvents {
  reply(reply: Reply): void;
  /** The thread has ended, for whatever reason but `terminate`. */
  ended(cause: unknown): void;
}

/** Starts a thread. It may throw, or tell later by `ended`, when there can be none. */
export type Spawn = (events: ThreadEvents) => Thread;

/** The source text of a thread: the engine's binary once, as the page has it already, then the code. */
export function workerSource(): string {
  return `const ENGINE_CHUNKS=${JSON.stringify(chunks)};${workerCode}`;
}

/** How threads start here; `undefined` where there are none. */
export function platformSpawn(): Spawn | undefined {
  const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
  if (threads) return (events) => spawnInNode(threads, events);
  return typeof Worker === "function" && typeof Blob === "function" ? spawnInBrowser : undefined;
}

function spawnInNode(threads: typeof import("node:worker_threads"), events: ThreadEvents): Thread {
  // The parent's flags and environment are no business of a thread that only enciphers.
  const worker = new threads.Worker(workerSource(), { eval: true, execArgv: [], env: {}, name: "lanelock-segments" });
  let terminated = false;
  let reason: unknown;
  worker.on("message", (reply: Reply) => events.reply(reply));
  worker.on("error", (error) => {
    reason = error;
  });
  worker.on("exit", (status) => {
    if (!terminated) events.ended(reason ?? new Error(`the thread exited with status ${status}`));
  });
  return {
    post: (request, transfer) => worker.postMessage(request, transfer),
    keepProcess: (keep) => (keep ? worker.ref() : worker.unref()),
    terminate: async () => {
      terminated = true;
      await worker.terminate();
    },
  };
}

function spawnInBrowser(events: ThreadEvents): Thread {
  const url = URL.createObjectURL(new Blob([workerSource()], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.onmessage = (event: MessageEvent<Reply>) => {
    if (event.data.kind === "ready") URL.revokeObjectURL(url);
    events.reply(event.data);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    URL.revokeObjectURL(url);
    worker.terminate();
    events.ended(event.error ?? new Error(event.message || "the browser refused to start the thread"));
  };
  return {
    post: (request, transfer) => worker.postMessage(request, transfer),
    keepProcess: () => {},
    terminate: async () => worker.terminate(),
  };
}
