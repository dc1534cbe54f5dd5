import type { Bytes } from "../../shared/byte-input.ts";
import { isPromise } from "../../shared/maybe-promise.ts";
import type { BatchResult } from "../segments/segment-cipher.ts";

/** A bounded queue of results for the reader, in order; some may still be pending. */
export class OrderedResults {
  readonly #results: BatchResult[] = [];
  #capacity = 1;
  #ended = false;
  #failure: { readonly reason: unknown } | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;

  /** Results that may wait here before `space` waits. */
  set capacity(capacity: number) {
    this.#capacity = capacity;
  }

  /** Waits until there is space for another result; `undefined` if there is space now. */
  space(): Promise<void> | undefined {
    if (this.#failure) return Promise.reject(this.#failure.reason);
    return this.#results.length < this.#capacity ? undefined : this.#waitForSpace();
  }

  async #waitForSpace(): Promise<void> {
    while (this.#failure === undefined && this.#results.length >= this.#capacity) {
      await new Promise<void>((resolve) => {
        this.#wakeWriter = resolve;
      });
    }
    if (this.#failure) throw this.#failure.reason;
  }

  put(result: BatchResult): void {
    if (isPromise(result)) result.catch((reason) => this.fail(reason));
    this.#results.push(result);
    this.#wakeReader?.();
  }

  /** The next result; `undefined` when there will be no more. */
  async take(): Promise<Bytes | undefined> {
    while (this.#failure === undefined && this.#results.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
    const next = await this.#results[0];
    if (this.#failure) throw this.#failure.reason;
    this.#results.shift();
    this.#wakeWriter?.();
    return next;
  }

  /** Waits for all pending results, so that their failures are known. */
  async settled(): Promise<void> {
    await Promise.all(this.#results);
    if (this.#failure) throw this.#failure.reason;
  }

  end(): void {
    this.#ended = true;
    this.#wakeReader?.();
  }

  /** Drops every result; pending calls fail with the reason. */
  fail(reason: unknown): void {
    if (this.#failure) return;
    this.#failure = { reason };
    this.#results.length = 0;
    this.#wakeReader?.();
    this.#wakeWriter?.();
  }
}
