import { modules as aes } from "../../engine/aes.generated.ts";
import { modules as engine } from "../../engine/engine.generated.ts";
import { modules as sm4 } from "../../engine/sm4.generated.ts";
import { forThread } from "../../engine/wide.ts";
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
  /** The thread has ended for another reason than `terminate`. */
  ended(cause: unknown): void;
}

/** Starts a thread. If it cannot, it throws, or calls `ended` later. */
export type Spawn = (events: ThreadEvents) => Thread;

/** The source text of a thread: the engine's modules, which the calling thread already has, then the code. */
export function workerSource(): string {
  const own = { engine: forThread("engine", engine), aes: forThread("aes", aes), sm4: forThread("sm4", sm4) };
  return `const ENGINE_MODULES=${JSON.stringify(own)};${workerCode}`;
}

/** How threads start here; `undefined` on a host without threads. */
export function platformSpawn(): Spawn | undefined {
  const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
  if (typeof threads?.Worker === "function") return (events) => spawnInNode(threads, events);
  const inBrowser =
    typeof Worker === "function" && typeof Blob === "function" && typeof URL.createObjectURL === "function";
  return inBrowser ? spawnInBrowser : undefined;
}

function spawnInNode(threads: typeof import("node:worker_threads"), events: ThreadEvents): Thread {
  // A thread that only seals and opens needs none of the parent's flags and environment.
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

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { /** A TrustedScriptURL, which stands for the string in `new Worker`. */ createScriptURL(url: string): string };
}

let policy: ReturnType<TrustedTypes["createPolicy"]> | undefined;

/** Starts a worker, even if the page's policy demands Trusted Types. The only URL it trusts is that of our own source. */
function startWorker(url: string): Worker {
  try {
    return new Worker(url);
  } catch (refusal) {
    const { trustedTypes } = globalThis as typeof globalThis & { readonly trustedTypes?: TrustedTypes };
    if (trustedTypes === undefined) throw refusal;
    try {
      policy ??= trustedTypes.createPolicy("lanelock", { createScriptURL: (own) => own });
    } catch {
      // The page does not allow our policy. The first refusal says what the page demands.
      throw refusal;
    }
    return new Worker(policy.createScriptURL(url));
  }
}

function spawnInBrowser(events: ThreadEvents): Thread {
  const url = URL.createObjectURL(new Blob([workerSource()], { type: "text/javascript" }));
  let worker: Worker;
  try {
    worker = startWorker(url);
  } catch (error) {
    URL.revokeObjectURL(url);
    throw error;
  }
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
