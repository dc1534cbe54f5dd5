import { LanelockError } from "../../errors.ts";
import type { RootKeySource, UnlockedRoot, UnlockRequest } from "../../kms/ports/index.ts";
import { concatBytes } from "../../shared/encoding.ts";
import { equalBytes } from "../../shared/equal-bytes.ts";
import { randomBytes } from "../../shared/random.ts";
import { utf8 } from "../../shared/utf8.ts";
import { Database, indexedDb } from "./database.ts";
import { databaseFailure } from "./failure.ts";
import { checkedNaming } from "./indexed-db-store.ts";
import type { Requests } from "./transaction.ts";

// What the store keeps: form 1 (1) ‖ id of the root key (16).

const FORM = 1;
const ID_LENGTH = 16;
const SECRET_BITS = 256;

/** Version 1 is a database without any object store; see `schema.ts`. */
const VERSION = 2;
const STORE = "root";
const ONLY = "root";

export interface BrowserRootOptions {
  /** One root key of this page's origin has this name; the browser's database is named `lanelock root NAME`. 1 to 200 characters. */
  readonly name: string;
}

/**
 * A root key that the browser keeps, made at the first opening of a store: an HMAC key of WebCrypto that is not extractable, in a
 * database of its own. Scripts of the origin can use it, but cannot read it, and it was never in the memory of a script. Each
 * store needs a root key of its own.
 *
 * The store's secret is derived from it: the first block of the KDF in counter mode with HMAC-SHA-256 (SP 800-108r1 §4.1), whose
 * label is `lanelock browser root` and whose context is the id of the store. docs/stores.md says what that protects against.
 *
 * @throws LanelockError `ERR_ARGUMENT` for a wrong option, `ERR_UNSUPPORTED` outside browsers and on pages that are not served over
 * https or by localhost. When a KMS is opened: `ERR_KEY` if the root key is gone, another one, or that of another store; `ERR_STORE`
 * if the browser keeps no data.
 * @example
 * const name = "orders";
 * await using kms = await Kms.open({ store: indexedDbStore({ name }), rootKey: browserRoot({ name }) });
 */
export function browserRoot(options: BrowserRootOptions): RootKeySource {
  const { name } = checkedNaming(options, "browserRoot");
  indexedDb("browserRoot()");
  if (globalThis.crypto?.subtle === undefined) {
    const message = "browserRoot() needs WebCrypto, which only pages served over https or by localhost have.";
    throw new LanelockError("ERR_UNSUPPORTED", message);
  }
  return new BrowserRoot(name);
}

/** The one row of the database. */
interface RootRow {
  readonly key: CryptoKey;
  readonly id: Uint8Array;
  /** The store that was opened with it; null until its rows were written. */
  readonly storeId: string | null;
}

class BrowserRoot implements RootKeySource {
  readonly name: string;
  readonly #databaseName: string;

  constructor(name: string) {
    this.name = `browser root "${name}"`;
    this.#databaseName = `lanelock root ${name}`;
  }

  async unlock({ storeId, sealed }: UnlockRequest): Promise<UnlockedRoot> {
    const id = sealed && this.#idIn(sealed);
    const database = await this.#open();
    try {
      const root = id === undefined ? await this.#present(database) : await this.#confirmed(database, storeId, id);
      if (root.storeId !== null && root.storeId !== storeId) throw this.#ofAnotherStore();
      const secret = await derive(root.key, storeId);
      return { secret, sealed: concatBytes(Uint8Array.of(FORM), root.id) };
    } finally {
      database.close();
    }
  }

  #open(): Promise<Database> {
    return Database.open({
      ...{ label: this.name, name: this.#databaseName, version: VERSION, stores: [STORE], create: true },
      upgrade: (database) => database.createObjectStore(STORE),
    });
  }

  #idIn(sealed: Uint8Array): Uint8Array {
    if (sealed.length === 1 + ID_LENGTH && sealed[0] === FORM) return sealed.subarray(1);
    throw new LanelockError(
      "ERR_KEY",
      "This store was not made with a browserRoot: open it with the rootKey that it was made with.",
    );
  }

  /** The root key, made where there is none. Of several tabs that make one at once, the first wins. */
  async #present(database: Database): Promise<RootRow> {
    const present = await database.run({ mode: "readonly" }, (rows) => this.#read(rows));
    return present ?? this.#made(database);
  }

  /** @throws LanelockError `ERR_KEY` if a script has put something else in the row's place */
  async #read(rows: Requests): Promise<RootRow | undefined> {
    const row = await rows.request(STORE, (store) => store.get(ONLY) as IDBRequest<unknown>);
    if (row === undefined || isRootRow(row)) return row;
    throw this.#gone("is damaged: what the browser keeps is not what was written there");
  }

  async #made(database: Database): Promise<RootRow> {
    // A key cannot be made inside a transaction, which would not wait for it.
    const algorithm = { name: "HMAC", hash: "SHA-256", length: SECRET_BITS };
    const key = await globalThis.crypto.subtle.generateKey(algorithm, false, ["sign"]);
    const made: RootRow = { key, id: randomBytes(ID_LENGTH), storeId: null };
    return database.run({ mode: "readwrite" }, async (rows) => {
      const first = await this.#read(rows);
      if (first !== undefined) return first;
      await this.#write(rows, made);
      return made;
    });
  }

  /** The root key with this id, which from now on is that of this store. */
  #confirmed(database: Database, storeId: string, id: Uint8Array): Promise<RootRow> {
    return database.run({ mode: "readwrite" }, async (rows) => {
      const root = await this.#read(rows);
      if (root === undefined) throw this.#gone("is gone: the browser or a script has deleted it");
      if (!equalBytes(root.id, id)) throw this.#gone("is not the one that this store was made with");
      if (root.storeId === null) await this.#write(rows, { ...root, storeId });
      return root;
    });
  }

  async #write(rows: Requests, root: RootRow): Promise<void> {
    await rows.request(STORE, (store) => store.put(root, ONLY));
  }

  #gone(problem: string): LanelockError {
    return new LanelockError(
      "ERR_KEY",
      `The ${this.name} ${problem}. The keys of this store cannot be opened without it. Check the name; otherwise delete the store's ` +
        "database and begin a new one.",
    );
  }

  #ofAnotherStore(): LanelockError {
    return new LanelockError(
      "ERR_KEY",
      `The ${this.name} belongs to another store. If that store's database was deleted, its keys are lost: delete the database ` +
        `"${this.#databaseName}" as well to begin again. If not, give each store a browserRoot of its own name.`,
    );
  }
}

function isRootRow(row: unknown): row is RootRow {
  if (typeof row !== "object" || row === null) return false;
  const { key, id, storeId } = row as Readonly<Record<string, unknown>>;
  const hasTag = (value: unknown, tag: string) => Object.prototype.toString.call(value) === `[object ${tag}]`;
  return hasTag(key, "CryptoKey") && hasTag(id, "Uint8Array") && (storeId === null || typeof storeId === "string");
}

/** SP 800-108r1 §4.1: `HMAC(key, [1] ‖ label ‖ 00 ‖ context ‖ [256])`, numbers as 32 bits, big-endian. */
async function derive(key: CryptoKey, storeId: string): Promise<Uint8Array> {
  const number = (value: number) => Uint8Array.of(0, 0, value >> 8, value & 0xff);
  const label = utf8("lanelock browser root");
  const input = concatBytes(number(1), label, Uint8Array.of(0), utf8(storeId), number(SECRET_BITS));
  try {
    return new Uint8Array(await globalThis.crypto.subtle.sign("HMAC", key, new Uint8Array(input)));
  } catch (cause) {
    throw databaseFailure("The browser's root key", cause);
  }
}
