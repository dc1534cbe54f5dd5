import { LanelockError } from "../../errors.ts";
import { messageOf } from "../../shared/thrown.ts";
import {
  clearInterval,
  clearTimeout,
  performance,
  setInterval,
  setTimeout,
  systemTime,
  unref,
} from "../../shared/timers.ts";
import type { MaybePromise } from "../ports/index.ts";
import type { Unsealed } from "../rows/row-mac.ts";
import { type PendingEvent, pendingEvent } from "./event.ts";
import type { AuditSink } from "./sink.ts";

/** How long a data-plane event may wait to be written in a batch. */
const LAG_MILLISECONDS = 50;
const ANCHOR_MILLISECONDS = 500;
const FULL_BATCH = 256;
/** Events kept while the sink is slow or fails. When it is full, operations wait; with `continue`, events are dropped and counted. */
const MAX_WAITING = 8_192;

/** When the log cannot be written: `fail` refuses operations until it can, `continue` goes on and notes the gap. */
export type AuditFailurePolicy = "fail" | "continue";

/**
 * The queue between operations and the sink. Data-plane events wait up to 50 ms and are written together; life-cycle events
 * are durable before their operation is. Without a sink it does nothing.
 */
export class AuditLog {
  readonly #sink: AuditSink | undefined;
  readonly #policy: AuditFailurePolicy;
  #waiting: PendingEvent[] = [];
  #waitingSince = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> | undefined;
  #failure: unknown;
  #dropped = 0;
  #anchorDue = false;
  /** Why the last anchor could not be written. No operation begins until one is. */
  #anchorFailure: unknown;
  #anchorTimer: ReturnType<typeof setInterval> | undefined;
  #paused: LanelockError | undefined;
  readonly #watchers = new Set<(events: readonly PendingEvent[]) => void>();

  constructor(sink: AuditSink | undefined, policy: AuditFailurePolicy) {
    this.#sink = sink;
    this.#policy = policy;
    if (!sink) return;
    this.#anchorTimer = setInterval(() => void this.#anchor(), ANCHOR_MILLISECONDS);
    unref(this.#anchorTimer);
  }

  /** Call before an operation does anything: throws `ERR_AUDIT`, or waits, while the log cannot take its event. */
  ready(): MaybePromise<void> {
    if (this.#paused !== undefined) throw this.#paused;
    if (!this.#hasFailed && this.#waiting.length < MAX_WAITING) return;
    return this.#catchUp();
  }

  get #hasFailed(): boolean {
    return this.#failure !== undefined || this.#anchorFailure !== undefined;
  }

  async #catchUp(): Promise<void> {
    try {
      await this.#write({ durable: this.#hasFailed, mayRecover: true });
      if (this.#anchorFailure !== undefined) await this.#anchorNow();
    } catch (cause) {
      if (this.#policy === "fail") throw auditFailure(cause);
    }
  }

  /** Takes the event of a data-plane operation. Never throws: {@link ready} of the next operation reports a failure. */
  record(event: PendingEvent): void {
    if (!this.#sink) {
      if (this.#watchers.size > 0) this.#show([event]);
      return;
    }
    this.#enqueue(event);
    if (this.#waiting.length === 1) {
      this.#waitingSince = performance.now();
      this.#timer ??= this.#startTimer();
    } else if (this.#waiting.length >= FULL_BATCH || performance.now() - this.#waitingSince > LAG_MILLISECONDS) {
      if (this.#writing === undefined) this.#writeSoon();
    }
  }

  #enqueue(event: PendingEvent): void {
    if (this.#failure !== undefined && this.#waiting.length >= MAX_WAITING) this.#dropped++;
    else this.#waiting.push(event);
  }

  #writeSoon(): void {
    this.#write({ durable: false, mayRecover: true }).catch(() => undefined);
  }

  /** The timer keeps the process alive, so that a program that ends without closing the KMS loses no event. */
  #startTimer() {
    return setTimeout(() => {
      this.#timer = undefined;
      if (this.#waiting.length > 0) this.#writeSoon();
    }, LAG_MILLISECONDS);
  }

  /**
   * Takes the event of a life-cycle operation; resolves when it is on disk. Throws `ERR_AUDIT` under the policy `fail`. It runs
   * inside transactions, so it waits for nothing that needs one: {@link ready} recovers a log that failed.
   */
  async commit(event: PendingEvent): Promise<void> {
    if (this.#paused !== undefined) throw this.#paused;
    if (!this.#sink) return this.#show([event]);
    this.#enqueue(event);
    try {
      await this.#write({ durable: true, mayRecover: false });
    } catch (cause) {
      if (this.#policy === "continue") return;
      // The operation will not happen, so its event must not be written later.
      this.#waiting = this.#waiting.filter((waiting) => waiting !== event);
      throw auditFailure(cause);
    }
  }

  /** Writes the waiting events after the batch in progress. A synchronous sink has written them when this returns. */
  async #write({ durable, mayRecover }: { durable: boolean; mayRecover: boolean }): Promise<void> {
    const failed = () => !mayRecover && this.#failure !== undefined;
    while (this.#writing && !failed()) await this.#writing.catch(() => undefined);
    if (failed()) throw this.#failure;
    const sink = this.#sink;
    if (!sink || (this.#waiting.length === 0 && !durable)) return;
    const writing = this.#writeBatch(sink, { durable, mayRecover });
    this.#writing = writing;
    try {
      await writing;
    } finally {
      this.#writing = undefined;
    }
  }

  async #writeBatch(
    sink: AuditSink,
    { durable, mayRecover }: { durable: boolean; mayRecover: boolean },
  ): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      if (mayRecover && this.#hasFailed) await sink.recover();
      if (this.#dropped > 0) batch.push(this.#gap(batch));
      const written = sink.write(batch, durable);
      // Sinks are ours, so their promises are of this realm.
      if (written instanceof Promise) await written;
      this.#failure = undefined;
      this.#anchorDue = true;
    } catch (error) {
      this.#waiting = [...batch.filter((event) => event.operation !== GAP), ...this.#waiting];
      this.#failure = error ?? new Error("the audit function threw nothing");
      throw error;
    }
    this.#dropped = 0;
    this.#show(batch);
  }

  /** Shows a watcher events once they are written; where no log is kept, as they happen. @returns ends it */
  watch(watcher: (events: readonly PendingEvent[]) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #show(events: readonly PendingEvent[]): void {
    for (const watcher of this.#watchers) watcher(events);
  }

  #gap(batch: readonly PendingEvent[]): PendingEvent {
    const event = pendingEvent(batch.at(-1)?.at ?? systemTime.now(), "system", GAP);
    event.note = `${this.#dropped} events were lost while the log could not be written`;
    return event;
  }

  async #anchor(): Promise<void> {
    if (this.#writing !== undefined) return;
    const due = this.#anchorDue;
    this.#anchorDue = false;
    try {
      this.#sink?.check();
      if (due) await this.#sink?.anchor();
      if (due) this.#anchorFailure = undefined;
    } catch (error) {
      this.#anchorDue = true;
      this.#anchorFailure = error ?? new Error("the anchor failed without a reason");
    }
  }

  async #anchorNow(): Promise<void> {
    this.#sink?.check();
    await this.#sink?.anchor();
    this.#anchorDue = false;
    this.#anchorFailure = undefined;
  }

  /** The anchor of everything written so far. The caller writes it, and nothing may be written to the log after it. */
  finalAnchor(): Unsealed<"anchor"> | undefined {
    return this.#sink?.finalAnchor();
  }

  /** Writes and anchors everything taken so far. @throws LanelockError `ERR_AUDIT` for what a caller's own function throws */
  async flush(): Promise<void> {
    if (!this.#sink) return;
    try {
      await this.#write({ durable: true, mayRecover: true });
      this.#anchorDue = true;
      await this.#anchorNow();
    } catch (cause) {
      if (cause instanceof LanelockError) throw cause;
      throw new LanelockError("ERR_AUDIT", `The audit log cannot be written: ${messageOf(cause)}`, { cause });
    }
  }

  /** Events that are not written yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** The file that this process writes, if it writes one. */
  get path(): string | undefined {
    return this.#sink?.path;
  }

  /**
   * Writes and anchors everything taken so far, and gives the file up. If that fails, the log is not paused.
   *
   * @param refusal what operations get until {@link resume}
   */
  async pause(refusal: LanelockError): Promise<void> {
    await this.flush();
    this.#paused = refusal;
    try {
      await this.#sink?.close();
    } catch (error) {
      this.#paused = undefined;
      throw error;
    }
  }

  async resume(): Promise<void> {
    await this.#sink?.recover();
    this.#paused = undefined;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    clearInterval(this.#anchorTimer);
    try {
      if (this.#paused === undefined) await this.flush();
    } catch (cause) {
      if (this.#policy === "fail") throw auditFailure(cause);
    } finally {
      await this.#sink?.close();
    }
  }
}

const GAP = "AuditGap";

function auditFailure(cause: unknown): LanelockError {
  if (cause instanceof LanelockError && cause.code === "ERR_AUDIT") return cause;
  const reason = messageOf(cause);
  return new LanelockError("ERR_AUDIT", `The audit log cannot be written, so the operation was refused: ${reason}`, {
    cause,
  });
}
