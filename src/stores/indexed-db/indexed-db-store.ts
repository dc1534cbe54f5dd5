import { LanelockError } from "../../errors.ts";
import type { KeyStore, RememberedId, StoreClaim, StoreReader, StoreWriter } from "../../kms/ports/index.ts";
import { checkNames } from "../../shared/known-names.ts";
import { systemTime } from "../../shared/timers.ts";
import { WebLockClaim } from "./claim.ts";
import { Database, indexedDb } from "./database.ts";
import { IndexedDbReader } from "./reader.ts";
import { IDS, makeStores, ROWS, SCHEMA_VERSION, STORES, UNTIL } from "./schema.ts";
import type { Requests } from "./transaction.ts";
import { IndexedDbWriter } from "./writer.ts";

export interface IndexedDbStoreOptions {
  /** One store of this page's origin has this name; the browser's database is named `lanelock store NAME`. 1 to 200 characters. */
  readonly name: string;
  /** `false` refuses to open a store that is not there, as after an eviction. When absent, a store is made where there is none. */
  readonly create?: boolean | undefined;
}

/**
 * A store in a page's IndexedDB, which all tabs and workers of the origin share and which is still there after a reload. Every
 * change is a transaction of the browser, which runs one at a time over all tabs. It lasts until the browser deletes the site's
 * data: `navigator.storage.persist()` asks it not to.
 *
 * @throws LanelockError `ERR_ARGUMENT` for a wrong option, `ERR_UNSUPPORTED` outside browsers. When opened and used: `ERR_STORE` for
 * no space, a private window, a database that another tab upgrades or deletes, or that the browser has closed.
 * @example
 * const name = "orders";
 * await using kms = await Kms.open({ store: indexedDbStore({ name }), rootKey: browserRoot({ name }) });
 */
export function indexedDbStore(options: IndexedDbStoreOptions): KeyStore {
  const { name, create } = checkedNaming(options, "indexedDbStore");
  indexedDb("indexedDbStore()");
  return new IndexedDbStore(name, create);
}

/** The options of {@link indexedDbStore} and `browserRoot`. @param whose for messages */
export function checkedNaming(options: unknown, whose: "indexedDbStore" | "browserRoot"): Required<Naming> {
  const known = whose === "indexedDbStore" ? ["name", "create"] : ["name"];
  if (typeof options !== "object" || options === null) {
    throw new LanelockError("ERR_ARGUMENT", `${whose} takes { name: "orders" }.`);
  }
  const { name, create = true } = readNaming(options, known, whose);
  // Firefox writes half of a surrogate pair as U+FFFD, and then does not find the database again.
  if (typeof name !== "string" || name === "" || name.length > MAX_NAME || /\p{Surrogate}/u.test(name)) {
    throw new LanelockError(
      "ERR_ARGUMENT",
      `The option name of ${whose} must be a string of 1 to ${MAX_NAME} characters, without half of a surrogate pair.`,
    );
  }
  if (typeof create !== "boolean") {
    throw new LanelockError("ERR_ARGUMENT", `The option create of ${whose} must be true or false.`);
  }
  return { name, create };
}

/** Options may be objects whose getters throw. */
function readNaming(options: object, known: readonly string[], whose: string): Readonly<Record<string, unknown>> {
  try {
    checkNames(options, known, whose);
    const { name, create } = options as Readonly<Record<string, unknown>>;
    return { name, create };
  } catch (cause) {
    if (cause instanceof LanelockError) throw cause;
    throw new LanelockError("ERR_ARGUMENT", `The options of ${whose} cannot be read.`, { cause });
  }
}

interface Naming {
  readonly name: string;
  readonly create: boolean;
}

const MAX_NAME = 200;
const FORGET_EVERY_MILLISECONDS = 60_000;

class IndexedDbStore implements KeyStore {
  readonly name: string;
  readonly #databaseName: string;
  readonly #create: boolean;
  #database: Database | undefined;
  #opening = false;
  #forgottenAt = 0;

  constructor(name: string, create: boolean) {
    this.name = `IndexedDB "${name}"`;
    this.#databaseName = `lanelock store ${name}`;
    this.#create = create;
  }

  async open() {
    if (this.#database || this.#opening)
      throw new LanelockError("ERR_STATE", `${this.name} is open already; make another store object.`);
    this.#opening = true;
    try {
      this.#database = await Database.open({
        ...{ label: this.name, name: this.#databaseName, version: SCHEMA_VERSION, stores: STORES },
        ...{ create: this.#create, upgrade: makeStores },
      });
    } finally {
      this.#opening = false;
    }
  }

  async close() {
    this.#database?.close();
    this.#database = undefined;
  }

  get #opened(): Database {
    if (this.#database) return this.#database;
    throw new LanelockError("ERR_STORE", `${this.name} is not open.`);
  }

  async read<T>(work: (rows: StoreReader) => Promise<T>) {
    return this.#opened.run({ mode: "readonly", stores: ROWS }, (requests) => work(new IndexedDbReader(requests)));
  }

  async write<T>(work: (rows: StoreWriter) => Promise<T>) {
    return this.#opened.run({ mode: "readwrite", stores: ROWS }, (requests) => work(new IndexedDbWriter(requests)));
  }

  async claim(name: string): Promise<StoreClaim | undefined> {
    const opened = this.#opened;
    await opened.run({ mode: "readonly", stores: ROWS }, async () => undefined);
    return WebLockClaim.take(this.name, `${this.#databaseName} ${name}`);
  }

  async remember(entries: readonly RememberedId[]) {
    const plan = { mode: "readwrite", stores: [IDS], durability: "relaxed" } as const;
    return this.#opened.run(plan, async (requests) => {
      await this.#forget(requests);
      return Promise.all(entries.map(({ id, until }) => requests.add(IDS, { id: Uint8Array.from(id).buffer, until })));
    });
  }

  async #forget(requests: Requests): Promise<void> {
    const now = systemTime.now();
    if (now - this.#forgottenAt < FORGET_EVERY_MILLISECONDS) return;
    this.#forgottenAt = now;
    const past = IDBKeyRange.upperBound(now, true);
    const ids = await requests.request(IDS, (all) => all.index(UNTIL).getAllKeys(past));
    await Promise.all(ids.map((id) => requests.request(IDS, (all) => all.delete(id))));
  }

  async scrub() {
    // A page cannot make the browser overwrite what its files held; docs/stores.md says so.
  }
}
