import type { MaybePromise } from "../ports/index.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import { type AuditEvent, finishedEvent, type PendingEvent } from "./event.ts";

/** Where events go. Batches come one at a time and in order; a batch that failed comes again, with what followed it. */
export interface AuditSink {
  /** `durable`: on disk when it returns. */
  write(events: readonly PendingEvent[], durable: boolean): MaybePromise<void>;
  /** Writes down, somewhere else, how far the log goes. Called at least every second while events come. */
  anchor(): Promise<void>;
  /** Called before a batch is tried again. */
  recover(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Takes audit events instead of the file. What it throws, or rejects with, is a failure of the audit log: the event comes
 * again, and until it is taken operations fail. Events come in order, one at a time.
 */
export type AuditFunction = (event: AuditEvent) => void | Promise<void>;

export class FunctionSink implements AuditSink {
  readonly #receive: AuditFunction;
  readonly #keys: StoreKeys;
  /** How many events of the batch at hand were taken before one was not. */
  #taken = 0;

  constructor(receive: AuditFunction, keys: StoreKeys) {
    this.#receive = receive;
    this.#keys = keys;
  }

  async write(events: readonly PendingEvent[]) {
    for (const event of events.slice(this.#taken)) {
      await this.#receive(finishedEvent(this.#keys, event));
      this.#taken++;
    }
    this.#taken = 0;
  }

  async anchor() {}
  async recover() {}
  async close() {}
}
