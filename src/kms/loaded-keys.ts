import type { MaybePromise } from "./ports/index.ts";

interface Disposable {
  dispose(): void;
}

interface Entry<T> {
  readonly value: T;
  readonly loadedAt: number;
  usedAt: number;
}

export interface LoadedKeyLimits {
  readonly maxKeys: number;
  readonly maxAgeMilliseconds: number;
}

/**
 * Key objects that are ready for use, by version and mode: at most `maxKeys`, each for at most `maxAgeMilliseconds`, the one
 * used longest ago making room. What leaves is disposed of, which wipes it.
 */
export class LoadedKeys<T extends Disposable> {
  readonly #limits: LoadedKeyLimits;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #loading = new Map<string, Promise<T>>();
  #closed = false;

  constructor(limits: LoadedKeyLimits) {
    this.#limits = limits;
  }

  /** The loaded key, if it is there and young enough. */
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

  /** The key, loaded now if need be; callers that want the same key at once share one load. */
  async load(id: string, load: () => MaybePromise<T>): Promise<T> {
    const known = this.get(id, performance.now()) ?? this.#loading.get(id);
    if (known !== undefined) return known;
    const loading = this.#loadOnce(id, load);
    this.#loading.set(id, loading);
    try {
      return await loading;
    } finally {
      this.#loading.delete(id);
    }
  }

  async #loadOnce(id: string, load: () => MaybePromise<T>): Promise<T> {
    const value = await load();
    const now = performance.now();
    if (this.#closed || this.#limits.maxKeys === 0) {
      // Nobody will evict it; the caller's one call ends before the next turn disposes of it.
      setTimeout(() => value.dispose());
      return value;
    }
    while (this.#entries.size >= this.#limits.maxKeys) this.#evictOldest();
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
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    entry?.value.dispose();
  }

  /** Drops what is too old, used or not. */
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
