import type { Reply, Request } from "../../src/envelope/workers/messages.ts";
import { SegmentService } from "../../src/envelope/workers/segment-service.ts";
import type { Spawn, ThreadEvents } from "../../src/envelope/workers/thread.ts";

/** A thread's work on this thread: the real service, which answers when the test lets it. */
export class OwnThread {
  readonly posted: Request["kind"][] = [];
  readonly kept: boolean[] = [];
  terminated = 0;
  readonly events: ThreadEvents;
  readonly #service = new SegmentService();
  readonly #waiting: Request[] = [];

  constructor(events: ThreadEvents) {
    this.events = events;
  }

  /** It has started, as it says itself or as `said` has it. */
  ready(said: Reply = this.#service.ready()): void {
    this.events.reply(said);
  }

  /** Whether what was posted is transferred, not copied. */
  readonly transfers: boolean[] = [];

  post(request: Request, transfer: readonly ArrayBuffer[]): void {
    this.posted.push(request.kind);
    const buffer = request.kind === "keys" ? request.secret : request.kind === "forget" ? undefined : request.bytes;
    if (buffer) this.transfers.push(transfer.length === 1 && transfer[0] === buffer);
    if (request.kind === "seal" || request.kind === "open") this.#waiting.push(request);
    else this.#service.handle(request);
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Does the oldest batch. */
  answer(): void {
    const request = this.#waiting.shift();
    const reply = request && this.#service.handle(request);
    if (reply) this.events.reply(reply);
  }
}

/** Threads of this kind, each as it was started; `refuses` makes the next ones fail to start. */
export function ownThreads() {
  const threads: OwnThread[] = [];
  const state = { refuses: undefined as Error | undefined };
  const spawn: Spawn = (events) => {
    if (state.refuses) throw state.refuses;
    const thread = new OwnThread(events);
    threads.push(thread);
    return {
      post: (request, transfer) => thread.post(request, transfer),
      keepProcess: (keep) => thread.kept.push(keep),
      terminate: async () => {
        thread.terminated += 1;
      },
    };
  };
  return { threads, spawn, state };
}
