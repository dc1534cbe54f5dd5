import { LanelockError } from "../errors.ts";
import type { KeyStore, PoolUsage, RememberedId, StoreClaim, StoreReader, StoreWriter } from "../kms/ports/index.ts";
import { checkNames } from "../shared/known-names.ts";
import { requirePackages } from "./packages.ts";
import { parsePostgresUrl } from "./sql/postgres-url.ts";
import type { OpenSqlStore } from "./sql/sql-store.ts";
import { databasePath } from "./sql/sqlite-path.ts";

/** A database file, or the URL of a PostgreSQL database. */
export type SqlStoreOptions = (
  | { readonly path: string }
  | {
      readonly url: string;
      /** A file that holds the password, read at each connection; only its owner may read it. A line feed at its end is dropped. */
      readonly passwordFile?: string | undefined;
    }
) & {
  /** `false` refuses to open a store that is not there. When absent, a store is made where there is none. */
  readonly create?: boolean | undefined;
};

/**
 * A store in a SQL database: `{ path }` is an embedded SQLite file (needs the packages `kysely` and `libsql`), `{ url }` a
 * PostgreSQL database that several processes may share (needs `kysely` and `pg`). Tables are created and migrated when it
 * is opened; the file is created readable by its owner only. A PostgreSQL server on another host is connected to by verified
 * TLS, unless the URL says `sslmode=disable`; docs/stores.md has the parameters of the URL and where the password comes from.
 *
 * @throws LanelockError `ERR_ARGUMENT` for a path or URL that cannot be one. When opened: `ERR_DEPENDENCY`, `ERR_STORE`.
 * @example
 * await using kms = await Kms.open({ store: sqlStore({ path: "keys.db" }), rootKey: { file: "root.key" } });
 */
export function sqlStore(options: SqlStoreOptions): KeyStore {
  if (typeof options !== "object" || options === null) throw wrongOptions();
  checkNames(options, ["path", "url", "passwordFile", "create"], "sqlStore");
  const { path, url, passwordFile, create = true } = options as Readonly<Record<string, unknown>>;
  if (typeof create !== "boolean") {
    throw new LanelockError("ERR_ARGUMENT", "The option create of sqlStore must be true or false.");
  }
  if (typeof path === "string" && url === undefined && passwordFile === undefined) return sqlite(path, create);
  if (typeof url === "string" && path === undefined) return postgres(url, passwordFile, create);
  throw wrongOptions();
}

function wrongOptions(): LanelockError {
  return new LanelockError(
    "ERR_ARGUMENT",
    'sqlStore takes { path: "keys.db" } or { url: "postgres://…", passwordFile? }. For a store in memory use memoryStore().',
  );
}

function sqlite(named: string, create: boolean): KeyStore {
  const path = databasePath(named);
  const name = `SQLite ${path}`;
  return new SqlStore({
    ...{ name, path, create },
    packages: ["kysely", "libsql"],
    connect: async () => (await import("./sql/sqlite-engine.ts")).openSqlite(name, path, create),
  });
}

function postgres(url: string, passwordFile: unknown, create: boolean): KeyStore {
  const target = parsePostgresUrl(url);
  if (passwordFile !== undefined && (typeof passwordFile !== "string" || passwordFile === "")) {
    throw new LanelockError("ERR_ARGUMENT", "The option passwordFile of sqlStore must be the path of a file.");
  }
  if (passwordFile !== undefined && target.password !== undefined) {
    throw new LanelockError("ERR_ARGUMENT", "Give the password in a passwordFile or in the url, not in both.");
  }
  const name = `PostgreSQL ${target.label}`;
  return new SqlStore({
    ...{ name, create },
    packages: ["kysely", "pg"],
    connect: async () => (await import("./sql/postgres-engine.ts")).openPostgres(name, { ...target, passwordFile }),
  });
}

interface SqlStoreParts {
  readonly name: string;
  readonly packages: readonly string[];
  readonly path?: string;
  readonly create: boolean;
  readonly connect: Parameters<typeof OpenSqlStore.open>[1];
}

class SqlStore implements KeyStore {
  readonly name: string;
  readonly path?: string | undefined;
  readonly #parts: SqlStoreParts;
  #opened: OpenSqlStore | undefined;

  constructor(parts: SqlStoreParts) {
    this.name = parts.name;
    this.path = parts.path;
    this.#parts = parts;
  }

  async open() {
    if (this.#opened) throw new LanelockError("ERR_STATE", `${this.name} is open already; make another store object.`);
    const { name, packages, connect, create } = this.#parts;
    await requirePackages(name, packages);
    const { OpenSqlStore } = await import("./sql/sql-store.ts");
    this.#opened = await OpenSqlStore.open(name, connect, create);
  }

  async close() {
    const store = this.#opened;
    this.#opened = undefined;
    await store?.close();
  }

  get #store(): OpenSqlStore {
    if (this.#opened) return this.#opened;
    throw new LanelockError("ERR_STORE", `${this.name} is not open.`);
  }

  async read<T>(work: (rows: StoreReader) => Promise<T>) {
    return this.#store.read(work);
  }

  async write<T>(work: (rows: StoreWriter) => Promise<T>) {
    return this.#store.write(work);
  }

  async claim(name: string): Promise<StoreClaim | undefined> {
    return this.#store.claim(name);
  }

  async remember(entries: readonly RememberedId[]) {
    return this.#store.remember(entries);
  }

  pool(): PoolUsage | undefined {
    return this.#opened?.pool();
  }

  async scrub() {
    return this.#store.scrub();
  }
}
