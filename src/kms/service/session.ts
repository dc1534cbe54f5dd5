import { LanelockError } from "../../errors.ts";
import { clearInterval, setInterval } from "../../shared/timers.ts";
import { unref } from "../audit/audit-log.ts";
import { pendingEvent } from "../audit/event.ts";
import type { Call, CallOptions } from "../core/call.ts";
import type { KmsContext } from "../core/kms-context.ts";
import { destroyExpiredTokens } from "../import/import-tokens.ts";
import type { Plane } from "../operations/operation-table.ts";
import { missingParameter, outcomeOf, publicError } from "../ports/errors.ts";
import type { MaybePromise } from "../ports/index.ts";
import { builtIn } from "./built-in.ts";
import { openCore } from "./open.ts";
import { checkedOptions, type KmsOptions } from "./options.ts";
import { sweep } from "./sweep.ts";

/** An operation: its name in the service, when its audit event must be on disk, and what it does. */
export type Operation<Request, Response> = readonly [
  name: string,
  plane: Plane,
  work: (call: Call, request: Request) => MaybePromise<Response>,
];

/** One opened KMS, as all the callers that share it see it: runs operations until it is closed. */
export class Session {
  readonly core: KmsContext;
  readonly #closeParts: () => Promise<void>;
  readonly #sweepTimer: ReturnType<typeof setInterval> | undefined;
  #running = 0;
  #closing: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  private constructor(core: KmsContext, close: () => Promise<void>, sweepMilliseconds: number | false) {
    this.core = core;
    this.#closeParts = close;
    if (sweepMilliseconds === false) return;
    this.#sweepTimer = setInterval(() => core.inBackground(sweepAndExpire(core)), sweepMilliseconds);
    unref(this.#sweepTimer);
  }

  static async open(options: KmsOptions): Promise<Session> {
    const settings = checkedOptions(options);
    const { core, close } = await openCore(settings, builtIn);
    core.inBackground(destroyExpiredTokens(core));
    return new Session(core, close, settings.sweepMilliseconds);
  }

  /** Counts a task as running, so that {@link close} waits for it. */
  async during<T>(task: () => Promise<T>): Promise<T> {
    this.#begin();
    try {
      return await task();
    } finally {
      this.#end();
    }
  }

  #begin(): void {
    if (this.#closing !== undefined) throw new LanelockError("ERR_STATE", "The KMS is closed.");
    this.#running++;
  }

  #end(): void {
    this.#running--;
    if (this.#running === 0) this.#onIdle?.();
  }

  async run<Request, Response>(
    { operation: [name, plane, work], caller }: { operation: Operation<Request, Response>; caller: string },
    request: Request,
    options: CallOptions | undefined,
  ): Promise<Response> {
    this.#begin();
    try {
      const { core } = this;
      const signal = options === undefined ? undefined : signalOf(options);
      const call: Call = { core, event: pendingEvent(core.now(), caller, name), signal, recorded: false };
      try {
        signal?.throwIfAborted();
        const ready = core.audit.ready();
        if (ready instanceof Promise) await ready;
        if (typeof request !== "object" || request === null) throw missingParameter("Request");
        const answer = work(call, request);
        const response = answer instanceof Promise ? await answer : answer;
        if (!call.recorded) {
          if (plane === "data") core.audit.record(call.event);
          else await core.audit.commit(call.event);
        }
        return response;
      } catch (error) {
        const refusal = publicError(error, signal);
        await recordFailure(call, plane, refusal);
        throw refusal;
      }
    } finally {
      this.#end();
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#sweepTimer);
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    await this.#closeParts();
  }
}

function signalOf(options: CallOptions): AbortSignal | undefined {
  if (typeof options === "object" && options !== null) {
    const signal = readSignal(options);
    if (signal === undefined || signal instanceof AbortSignal) return signal;
  }
  throw new LanelockError("ERR_ARGUMENT", "The options of a call must be { signal }, an AbortSignal.");
}

function readSignal(options: CallOptions): unknown {
  try {
    return options.signal;
  } catch (cause) {
    throw new LanelockError("ERR_ARGUMENT", "The option signal cannot be read.", { cause });
  }
}

async function sweepAndExpire(core: KmsContext): Promise<void> {
  await sweep(core);
  core.cipherKeys.expire();
  core.asymmetricKeys.expire();
}

/** The event of a call that failed. A life-cycle call is told only when that is on disk; that it failed comes first. */
async function recordFailure({ core, event }: Call, plane: Plane, refusal: unknown): Promise<void> {
  event.outcome = outcomeOf(refusal);
  if (refusal instanceof LanelockError && refusal.code === "ERR_AUDIT") return;
  if (plane === "data") core.audit.record(event);
  else await core.audit.commit(event).catch(() => undefined);
}
