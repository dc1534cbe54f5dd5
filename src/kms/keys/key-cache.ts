import { performance } from "../../shared/timers.ts";
import type { MaybePromise } from "../ports/index.ts";
import type { CachedKey } from "./cached-key.ts";

interface Entry<T> {
  readonly value: T;
  readonly loadedAt: number;
  usedAt: number;
}

export interface KeyCacheLimits {
  readonly maxKeys: number;
  readonly maxAgeMilliseconds: number;
}

interface Loading<T> {
  readonly promise: Promise<T>;
  /** How many calls wait for it. */
  waiters: number;
  /** Deleted before it was loaded. */
  dropped: boolean;
}

/**
 * Key objects that are ready for use, by version and mode: at most `maxKeys`, each for at most `maxAgeMilliseconds`. When
 * it is full, the least recently used key leaves. A key that leaves is disposed of, which wipes it once the calls that hold it end.
 */
export class KeyCache<T extends CachedKey> {
  readonly #limits: KeyCacheLimits;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #loading = new Map<string, Loading<T>>();
  #closed = false;

  constructor(limits: KeyCacheLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The loaded key, if it is cached and has not expired. */
  get(id: string, now: number): T | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    if (now - entry.loadedAt >= this.#limits.maxAgeMilliseconds) {
      this.delete(id);
      return undefined;
    }
    entry.usedAt = now;
    return entry.value;
  }

  /**
   * The key, loaded now if necessary; callers that want the same key at the same time share one load. It is held for the caller, who
   * releases it after use.
   */
  async load(id: string, load: () => MaybePromise<T>): Promise<T> {
    const known = this.get(id, performance.now());
    if (known !== undefined) {
      known.hold();
      return known;
    }
    const loading = this.#loading.get(id) ?? this.#begin(id, load);
    loading.waiters++;
    return loading.promise;
  }

  #begin(id: string, load: () => MaybePromise<T>): Loading<T> {
    const loaded = async () => {
      try {
        return this.#keep(id, await load(), loading);
      } finally {
        this.#loading.delete(id);
      }
    };
    const loading: Loading<T> = { promise: Promise.resolve().then(loaded), waiters: 0, dropped: false };
    this.#loading.set(id, loading);
    return loading;
  }

  /** Retained once per waiter, so that eviction cannot free it. */
  #keep(id: string, value: T, { waiters, dropped }: Loading<T>): T {
    for (let waiter = 0; waiter < waiters; waiter++) value.hold();
    if (dropped || this.#closed || this.#limits.maxKeys === 0) {
      value.dispose();
      return value;
    }
    while (this.#entries.size >= this.#limits.maxKeys) this.#evictOldest();
    const now = performance.now();
    this.#entries.set(id, { value, loadedAt: now, usedAt: now });
    return value;
  }

  #evictOldest(): void {
    let oldest: string | undefined;
    let usedAt = Number.POSITIVE_INFINITY;
    for (const [id, entry] of this.#entries) {
      if (entry.usedAt >= usedAt) continue;
      usedAt = entry.usedAt;
      oldest = id;
    }
    if (oldest !== undefined) this.delete(oldest);
  }

  delete(id: string): void {
    const loading = this.#loading.get(id);
    if (loading) loading.dropped = true;
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    entry?.value.dispose();
  }

  /** Drops every key that has reached its greatest age. */
  expire(now = performance.now()): void {
    for (const [id, entry] of this.#entries) {
      if (now - entry.loadedAt >= this.#limits.maxAgeMilliseconds) this.delete(id);
    }
  }

  close(): void {
    this.#closed = true;
    for (const id of [...this.#entries.keys()]) this.delete(id);
  }
}
