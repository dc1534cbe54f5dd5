import type { MaybePromise } from "../ports/index.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import type { Unsealed } from "../rows/row-mac.ts";
import { type AuditEvent, finishedEvent, type PendingEvent } from "./event.ts";

/** Where events go. Batches come one at a time and in order. A failed batch is sent again, together with later events. */
export interface AuditSink {
  /** Of the file, which no other process writes; absent for a sink that is not a file. */
  readonly path?: string;
  /** `durable`: on disk when it returns. */
  write(events: readonly PendingEvent[], durable: boolean): MaybePromise<void>;
  /** Records in the store how far the log goes. Called at least every second while events come. */
  anchor(): Promise<void>;
  /** Called every half second: throws if the file is not in its place any more. */
  check(): void;
  /** Called before a batch is tried again. */
  recover(): Promise<void>;
  /** The anchor of everything written so far, which the caller writes. The log ends with it. */
  finalAnchor(): Unsealed<"anchor"> | undefined;
  close(): Promise<void>;
}

/**
 * Receives audit events in place of the file, in order and one at a time. If it throws or rejects, the audit log has failed: the
 * event is sent again, and operations are refused until the function accepts it.
 */
export type AuditFunction = (event: AuditEvent) => void | Promise<void>;

export class FunctionSink implements AuditSink {
  readonly #receive: AuditFunction;
  readonly #keys: StoreKeys;
  /** How many events of the current batch were accepted before one failed. */
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
  check() {}
  async recover() {}
  finalAnchor() {
    return undefined;
  }

  async close() {}
}
