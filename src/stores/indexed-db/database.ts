import { LanelockError } from "../../errors.ts";
import { clearTimeout, setTimeout, type Timer } from "../../shared/timers.ts";
import { databaseFailure, noDatabase } from "./failure.ts";
import { inTransaction, type Requests, type TransactionPlan } from "./transaction.ts";

/** A database that another tab upgrades or deletes can keep an opening waiting for ever. */
const OPENING_MILLISECONDS = 30_000;
/** Tabs that use this package let go at once, when their transactions have ended. */
const BLOCKED_MILLISECONDS = 5_000;

export interface DatabasePlan {
  /** For messages. */
  readonly label: string;
  /** What the browser knows it by. */
  readonly name: string;
  readonly version: number;
  readonly stores: readonly string[];
  /** `false` refuses to make a database where there is none. */
  readonly create: boolean;
  /** Makes the object stores that are missing. */
  readonly upgrade: (database: IDBDatabase) => void;
}

/**
 * The browser's databases.
 *
 * @throws LanelockError `ERR_UNSUPPORTED` where there is no IndexedDB, `ERR_STORE` where the browser forbids it
 */
export function indexedDb(label: string): IDBFactory {
  let factory: IDBFactory | null | undefined;
  try {
    factory = globalThis.indexedDB;
  } catch (cause) {
    throw databaseFailure(label, cause);
  }
  if (factory !== undefined && factory !== null) return factory;
  throw new LanelockError(
    "ERR_UNSUPPORTED",
    `${label} needs IndexedDB, which browsers have. In Node use sqlStore({ path }), and a root key that is a file.`,
  );
}

/** An open database, which another tab or the browser may take away at any time. */
export class Database {
  readonly #plan: DatabasePlan;
  readonly #database: IDBDatabase;
  #lost: LanelockError | undefined;

  private constructor(plan: DatabasePlan, database: IDBDatabase) {
    this.#plan = plan;
    this.#database = database;
    database.onversionchange = ({ newVersion }) => {
      // Otherwise the other tab would wait until this one is closed. Transactions under way end first.
      this.close(newVersion === null ? DELETED : UPGRADED);
    };
    database.onclose = () => this.close(CLOSED);
  }

  /** @throws LanelockError `ERR_STORE`; see {@link indexedDb} */
  static open(plan: DatabasePlan): Promise<Database> {
    const { label, name, version, stores, create, upgrade } = plan;
    const factory = indexedDb(label);
    return new Promise((resolve, reject) => {
      let refusal: LanelockError | undefined;
      let timer: Timer;
      const refuse = (error: LanelockError) => {
        refusal ??= error;
        clearTimeout(timer);
        reject(refusal);
      };
      const refuseAfter = (milliseconds: number) => {
        timer = setTimeout(() => refuse(new LanelockError("ERR_STORE", `${label}: ${BLOCKED}`)), milliseconds);
      };
      const foreign = () => databaseFailure(label, new DOMException("A table is missing.", "NotFoundError"));
      refuseAfter(OPENING_MILLISECONDS);
      let request: IDBOpenDBRequest;
      try {
        request = factory.open(name, version);
      } catch (cause) {
        return refuse(databaseFailure(label, cause));
      }
      request.onblocked = () => {
        clearTimeout(timer);
        refuseAfter(BLOCKED_MILLISECONDS);
      };
      request.onupgradeneeded = () => {
        const isNew = request.result.objectStoreNames.length === 0;
        if (!isNew) refuse(foreign());
        else if (!create) refuse(noDatabase(label));
        if (refusal === undefined) upgrade(request.result);
        else request.transaction?.abort();
      };
      request.onerror = (event) => {
        // Firefox reports it as an uncaught error of the page otherwise.
        event.preventDefault();
        refuse(databaseFailure(label, request.error));
      };
      request.onsuccess = () => {
        const database = request.result;
        const missing = stores.some((store) => !database.objectStoreNames.contains(store));
        if (missing) refuse(foreign());
        clearTimeout(timer);
        // It came too late, or is another program's.
        if (refusal) database.close();
        else resolve(new Database(plan, database));
      };
    });
  }

  /** Runs `work` in one transaction over all object stores, or those given. */
  run<T>(
    { mode, stores, durability = "strict" }: Pick<TransactionPlan, "mode"> & Partial<TransactionPlan>,
    work: (requests: Requests) => Promise<T>,
  ): Promise<T> {
    if (this.#lost) return Promise.reject(this.#lost);
    const failure = (cause: unknown) => this.#lost ?? databaseFailure(this.#plan.label, cause);
    return inTransaction(this.#database, { stores: stores ?? this.#plan.stores, mode, durability, failure }, work);
  }

  close(reason = "it is closed."): void {
    this.#lost ??= new LanelockError("ERR_STORE", `${this.#plan.label}: ${reason}`);
    this.#database.close();
  }
}

const DELETED =
  "another tab or script has deleted the database. Its keys are gone; close this store. To begin a new one, delete the database of its " +
  "browserRoot as well, then open it again.";
const UPGRADED = "another tab with a newer lanelock has upgraded the database. Reload this page.";
const CLOSED =
  "the browser has closed the database, because the site's data was cleared or evicted, or its files failed. Reload the page. " +
  "navigator.storage.persist() asks the browser not to evict them.";
const BLOCKED =
  "another tab keeps the database from being opened: it upgrades or deletes it, or holds an older version open. Close the other " +
  "tabs of this site, and try again.";
