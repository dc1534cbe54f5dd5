import type { LanelockError } from "../../errors.ts";
import { clearTimeout, setTimeout, type Timer } from "../../shared/timers.ts";
import { nameOf } from "./failure.ts";

/**
 * How many microtasks the work may take between a request's result and its next request, before a request of our own keeps the
 * transaction alive. The KMS takes some 30.
 */
const MICROTASKS = 100;

/** How long a transaction waits for those of other tabs; as PostgreSQL's do for locks. */
const LOCK_MILLISECONDS = 30_000;

/** The stores of a transaction that is under way. */
export interface Requests {
  /** Makes a request of one of the transaction's stores, now or as soon as the transaction can take it. */
  request<T>(store: string, make: (store: IDBObjectStore) => IDBRequest<T>): Promise<T>;
  /** Adds a row. @returns `false` if there is one with its key */
  add(store: string, row: object): Promise<boolean>;
}

/**
 * A transaction that lives until its work is done.
 *
 * A browser commits a transaction as soon as it has no request left and returns to its event loop, and takes requests only in the
 * callback of an earlier one. Work that waits for anything else, such as an audit function, would lose it half-way. So while
 * the work waits, requests of our own that read nothing follow each other, and what the work asks for meanwhile is put in their callbacks.
 */
class LiveTransaction implements Requests {
  readonly ended: Promise<void>;
  readonly #transaction: IDBTransaction;
  readonly #idle: IDBObjectStore;
  readonly #waiting: { readonly place: () => void; readonly reject: (reason: unknown) => void }[] = [];
  #pending = 0;
  #working = true;
  #watching = false;
  #failure: { readonly reason: unknown } | undefined;
  /** Why the work gave up. */
  #abandonment: unknown;
  readonly #starting: Timer;
  readonly #refusals = new Set<unknown>();

  constructor(transaction: IDBTransaction, idle: string) {
    this.#transaction = transaction;
    this.#idle = transaction.objectStore(idle);
    const { promise, resolve, reject } = deferred();
    this.ended = promise;
    const fail = (reason: unknown) => {
      this.#over(reason);
      reject(reason);
    };
    this.#starting = setTimeout(() => {
      fail(new DOMException("The transaction could not start.", "TimeoutError"));
      this.abort();
    }, LOCK_MILLISECONDS);
    transaction.oncomplete = () => {
      const reason = new DOMException("The transaction has ended.", "AbortError");
      if (this.#working) return fail(reason);
      this.#over(reason);
      resolve();
    };
    transaction.onabort = () =>
      fail(transaction.error ?? this.#abandonment ?? new DOMException("The transaction was aborted.", "AbortError"));
    this.#watch();
  }

  request<T>(store: string, make: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    return this.#placed(() => make(this.#transaction.objectStore(store)));
  }

  async add(store: string, row: object): Promise<boolean> {
    const isPresent = (error: unknown) => nameOf(error) === "ConstraintError";
    try {
      await this.#placed(() => this.#transaction.objectStore(store).add(row), isPresent);
      return true;
    } catch (error) {
      if (isPresent(error)) return false;
      throw error;
    }
  }

  /** @param isAnswer whether an error of the request is an answer, after which the transaction continues */
  #placed<T>(make: () => IDBRequest<T>, isAnswer: (error: unknown) => boolean = () => false): Promise<T> {
    return new Promise((resolve, reject) => {
      const refuse = (reason: unknown) => {
        this.#refusals.add(reason);
        reject(reason);
      };
      const place = () => {
        if (this.#failure) return reject(this.#failure.reason);
        try {
          const request = make();
          this.#pending++;
          request.onsuccess = () => {
            resolve(request.result);
            this.#settled();
          };
          request.onerror = (event) => {
            if (isAnswer(request.error)) {
              // Otherwise the transaction would be aborted.
              event.preventDefault();
              event.stopPropagation();
              reject(request.error);
            } else refuse(request.error);
            this.#settled();
          };
        } catch (error) {
          if (nameOf(error) === "TransactionInactiveError") this.#waiting.push({ place, reject });
          else refuse(error);
        }
      };
      place();
    });
  }

  /** In the callback of a request: the transaction is active until its microtasks are done. */
  #settled(): void {
    clearTimeout(this.#starting);
    this.#pending--;
    for (const { place } of this.#waiting.splice(0)) place();
    this.#watch();
  }

  #watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    let left = MICROTASKS;
    const look = () => {
      const isIdle = this.#working && this.#pending === 0;
      if (isIdle && left-- > 0) {
        Promise.resolve().then(look);
        return;
      }
      this.#watching = false;
      if (isIdle) this.#stayAlive();
    };
    Promise.resolve().then(look);
  }

  #stayAlive(): void {
    this.#placed(() => this.#idle.getKey("")).catch(() => undefined);
  }

  #over(reason: unknown): void {
    clearTimeout(this.#starting);
    this.#working = false;
    this.#failure = { reason };
    this.#refusals.add(reason);
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
  }

  /** Whether the browser gave this as the reason why a request failed. */
  refused(reason: unknown): boolean {
    return this.#refusals.has(reason);
  }

  /** Commits. Where the browser would not take that now, it does so itself after the last request. */
  finish(): void {
    this.#working = false;
    try {
      this.#transaction.commit?.();
    } catch {
      // Not active: nothing keeps it alive any more.
    }
  }

  /** @param reason of the work, which is that of the transaction if the browser has none */
  abort(reason?: unknown): void {
    this.#working = false;
    this.#abandonment = reason;
    try {
      this.#transaction.abort();
    } catch {
      // It has ended.
    }
  }
}

interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** A promise whose rejection may come before anybody waits for it. */
function deferred(): Deferred {
  let settle: Omit<Deferred, "promise"> | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => undefined);
  return { promise, resolve: () => settle?.resolve(), reject: (reason) => settle?.reject(reason) };
}

export interface TransactionPlan {
  readonly stores: readonly string[];
  readonly mode: IDBTransactionMode;
  /** `strict` waits until the disk has the changes, where the browser can tell. */
  readonly durability?: IDBTransactionDurability;
  readonly failure: (cause: unknown) => LanelockError;
}

/**
 * Runs `work` in one transaction, which is committed when it resolves and rolled back when it rejects.
 *
 * @param failure makes an error of what the browser reports; what `work` throws itself passes unchanged
 */
export async function inTransaction<T>(
  database: IDBDatabase,
  { stores, mode, durability = "strict", failure }: TransactionPlan,
  work: (requests: Requests) => Promise<T>,
): Promise<T> {
  const live = begun(() => database.transaction([...stores], mode, { durability }), failure);
  const ended = live.ended.catch((reason) => {
    throw failure(reason);
  });
  // A read does not wait for its end.
  ended.catch(() => undefined);
  try {
    const result = await work(live);
    live.finish();
    if (mode !== "readonly") await ended;
    return result;
  } catch (reason) {
    // Asked now: the abort makes the work's own error that of the transaction too.
    const isRefusal = live.refused(reason);
    live.abort(reason);
    // The transaction knows best why it failed: its requests only know that it was aborted.
    const end = await ended.catch((error: unknown) => error);
    throw isRefusal ? (end ?? failure(reason)) : reason;
  }
}

function begun(begin: () => IDBTransaction, failure: TransactionPlan["failure"]): LiveTransaction {
  try {
    const transaction = begin();
    return new LiveTransaction(transaction, transaction.objectStoreNames[0] ?? "");
  } catch (cause) {
    throw failure(cause);
  }
}
