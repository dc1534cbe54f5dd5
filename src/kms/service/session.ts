import { LanelockError } from "../../errors.ts";
import { clearInterval, setInterval, unref } from "../../shared/timers.ts";
import { pendingEvent } from "../audit/event.ts";
import type { Call } from "../core/call.ts";
import type { KmsContext } from "../core/kms-context.ts";
import { destroyExpiredTokens } from "../import/import-tokens.ts";
import type { Plane, Runnable } from "../operations/operation.ts";
import { type CallOptions, signalOf } from "../ports/call-options.ts";
import { outcomeOf, publicError } from "../ports/errors.ts";
import { builtIn } from "./built-in.ts";
import { openCore } from "./open.ts";
import { checkedOptions, type KmsOptions } from "./options.ts";
import { RootChangePause } from "./root-change-pause.ts";
import { sweep } from "./sweep.ts";

/** The caller, request and options of one call. */
interface Invocation<Request> {
  readonly caller: string;
  readonly request: Request;
  readonly options: CallOptions | undefined;
}

/** One open KMS, shared by all its callers. Runs operations until it is closed. */
export class Session {
  readonly core: KmsContext;
  readonly #closeParts: () => Promise<void>;
  readonly #sweepTimer: ReturnType<typeof setInterval> | undefined;
  #running = 0;
  #closing: Promise<void> | undefined;
  #onIdle: (() => void)[] = [];
  readonly #rootChange: RootChangePause;

  private constructor(core: KmsContext, close: () => Promise<void>, sweepMilliseconds: number | false) {
    this.core = core;
    this.#closeParts = close;
    this.#rootChange = new RootChangePause(core, () => this.#idle());
    if (sweepMilliseconds === false) return;
    this.#sweepTimer = setInterval(() => {
      if (this.#rootChange.refusal === undefined) core.inBackground(sweepAndExpire(core));
    }, sweepMilliseconds);
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
    if (this.#rootChange.refusal !== undefined) await this.#rootChange.look();
    this.#begin();
    try {
      return await task();
    } finally {
      this.#end();
    }
  }

  /** @throws LanelockError `ERR_STATE` if no call may begin; `ERR_KEY` if none may because the root key was changed */
  requireOpen(): void {
    if (this.#closing !== undefined) throw new LanelockError("ERR_STATE", "The KMS is closed.");
    const { refusal } = this.#rootChange;
    if (refusal !== undefined) throw refusal;
  }

  #begin(): void {
    this.requireOpen();
    this.#running++;
  }

  #end(): void {
    this.#running--;
    if (this.#running > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  async #idle(): Promise<void> {
    while (this.#running > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  /** Reads a request, runs its operation, and audits it. */
  async run<Request, Read, Response>(
    operation: Runnable<Request, Read, Response>,
    { caller, request, options }: Invocation<Request>,
  ): Promise<Response> {
    if (this.#rootChange.refusal !== undefined) await this.#rootChange.look();
    this.#begin();
    try {
      const { core } = this;
      const signal = options === undefined ? undefined : signalOf(options);
      const event = pendingEvent(core.now(), caller, operation.name);
      const call: Call = { core, operation, event, signal, recorded: false };
      try {
        if (signal?.aborted) throw signal.reason;
        const ready = core.audit.ready();
        if (ready instanceof Promise) await ready;
        const answer = operation.run(call, operation.request.read(request));
        const response = answer instanceof Promise ? await answer : answer;
        if (!call.recorded) {
          if (operation.plane === "data") core.audit.record(event);
          else await core.audit.commit(event);
        }
        return response;
      } catch (error) {
        const refusal = publicError(error, signal);
        await recordFailure(call, operation.plane, refusal);
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
    await this.#idle();
    await this.#rootChange.close();
    await this.#closeParts();
  }
}

async function sweepAndExpire(core: KmsContext): Promise<void> {
  await sweep(core);
  core.cipherKeys.expire();
  core.asymmetricKeys.expire();
}

/** Audits a failed call. Life-cycle failures are audited before they are thrown; the original error wins. */
async function recordFailure({ core, event }: Call, plane: Plane, refusal: unknown): Promise<void> {
  event.outcome = outcomeOf(refusal);
  if (refusal instanceof LanelockError && refusal.code === "ERR_AUDIT") return;
  if (plane === "data") core.audit.record(event);
  else await core.audit.commit(event).catch(() => undefined);
}
