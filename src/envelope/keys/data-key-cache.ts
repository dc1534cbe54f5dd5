import { LanelockError } from "../../errors.ts";
import { throwIfAborted } from "../../shared/abortable.ts";
import type { MaybePromise } from "../../shared/maybe-promise.ts";
import { clearTimeout, performance, setTimeout, unref } from "../../shared/timers.ts";
import { type CacheLimits, type CheckedLimits, checkLimits } from "./cache-limits.ts";
import type { DataKey, Load } from "./data-key.ts";
import { SingleFlight } from "./single-flight.ts";
import { useOnce } from "./use-once.ts";

export interface DataKeyRequest<T> {
  /** Requests with the same id may share a data key. */
  readonly id: string;
  /** Plaintext bytes of the message. */
  readonly bytes: number;
  readonly load: Load<DataKey>;
  /** Takes what it needs: the data key may be wiped as soon as it returns. */
  use(dataKey: DataKey): T;
  readonly signal: AbortSignal | undefined;
}

interface Entry extends DataKey {
  readonly expires: number;
  messages: number;
  bytes: number;
}

/** Data keys that several messages share, so that not every message costs a call to the KMS. */
export class DataKeyCache {
  readonly #limits: CheckedLimits;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  readonly #flights = new SingleFlight<void>();
  #sweep: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** @throws LanelockError `ERR_ARGUMENT` for a limit that `CacheLimits` does not allow */
  constructor(limits: CacheLimits) {
    this.#limits = checkLimits(limits);
  }

  /** Uses a cached data key, or gets a new one. Concurrent requests with the same id make one call to the KMS. */
  use<T>(request: DataKeyRequest<T>): MaybePromise<T> {
    throwIfAborted(request.signal);
    // A message above the limit of one data key gets its own, and does not use up the shared one.
    if (request.bytes > this.#limits.maxBytes) return this.#useOwn(request);
    const entry = this.#usable(request);
    return entry ? this.#charge(entry, request) : this.#useLoaded(request);
  }

  /** Counts plaintext of a message whose length was unknown when it took its data key. This may use up the data key. */
  charge(id: string, bytes: number): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.bytes += bytes;
    if (entry.bytes > this.#limits.maxBytes) this.#evict(id);
  }

  /** Wipes every data key and keeps none that is still loading. Later requests are refused. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#sweep);
    for (const id of [...this.#entries.keys()]) this.#evict(id);
    this.#flights.abortAll(closed());
  }

  async #useOwn<T>(request: DataKeyRequest<T>): Promise<T> {
    if (this.#closed) throw closed();
    return useOnce(request);
  }

  async #useLoaded<T>(request: DataKeyRequest<T>): Promise<T> {
    const { id, signal } = request;
    for (;;) {
      throwIfAborted(signal);
      if (this.#closed) throw closed();
      const landing = this.#flights.join(id, signal);
      if (landing === undefined) return this.#useFirst(request);
      await landing;
      const entry = this.#usable(request);
      if (entry) return this.#charge(entry, request);
    }
  }

  /**
   * Calls the KMS and uses the answer before any other waiter, regardless of its age: the call was made for this message.
   * If this message cannot use it, other waiters are unaffected.
   */
  async #useFirst<T>(request: DataKeyRequest<T>): Promise<T> {
    const { id, load, signal } = request;
    const expires = performance.now() + this.#limits.maxAge;
    let result: Promise<T> | undefined;
    await this.#flights.lead(id, signal, async (flight) => {
      const dataKey = await load(flight);
      if (flight.aborted) {
        dataKey.dataKey.fill(0);
        throw flight.reason;
      }
      const entry = { ...dataKey, expires, messages: 0, bytes: 0 };
      this.#keep(id, entry);
      if (signal?.aborted) return;
      result = new Promise((resolve) => resolve(this.#charge(entry, request)));
      result.catch(() => {});
    });
    return result as Promise<T>;
  }

  /** The entry, if it may take this message. An entry that may not is removed. */
  #usable({ id, bytes }: DataKeyRequest<unknown>): Entry | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    const { maxMessages, maxBytes } = this.#limits;
    const spent = entry.messages >= maxMessages || entry.bytes + bytes > maxBytes;
    if (!spent && performance.now() < entry.expires) return entry;
    this.#evict(id);
    return undefined;
  }

  #charge<T>(entry: Entry, { id, bytes, use }: DataKeyRequest<T>): T {
    entry.messages += 1;
    entry.bytes += bytes;
    if (this.#entries.size > 1) {
      this.#entries.delete(id);
      this.#entries.set(id, entry);
    }
    return use(entry);
  }

  #keep(id: string, entry: Entry): void {
    this.#evict(id);
    this.#entries.set(id, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limits.maxEntries) break;
      this.#evict(oldest);
    }
    this.#scheduleSweep();
  }

  #evict(id: string): void {
    this.#entries.get(id)?.dataKey.fill(0);
    this.#entries.delete(id);
  }

  /** Wipes expired data keys even if no request asks for them again. */
  #scheduleSweep(): void {
    if (this.#sweep !== undefined || this.#entries.size === 0) return;
    let next = Number.POSITIVE_INFINITY;
    for (const { expires } of this.#entries.values()) next = Math.min(next, expires);
    const sweep = () => {
      this.#sweep = undefined;
      const now = performance.now();
      for (const [id, { expires }] of this.#entries) if (now >= expires) this.#evict(id);
      this.#scheduleSweep();
    };
    this.#sweep = setTimeout(sweep, Math.max(1, Math.ceil(next - performance.now())));
    unref(this.#sweep);
  }
}

function closed(): LanelockError {
  return new LanelockError("ERR_STATE", "This envelope is closed: make a new one");
}
