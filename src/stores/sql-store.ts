import { LanelockError } from "../errors.ts";
import type {
  AuditAnchorRow,
  CounterRequest,
  KeyStore,
  StoreClaim,
  StoreReader,
  StoreWriter,
} from "../kms/ports/index.ts";
import type { OpenSqlStore } from "./sql/sql-store.ts";

/** A database file, or the URL of a PostgreSQL database. */
export type SqlStoreOptions = ({ readonly path: string } | { readonly url: string }) & {
  /** `false` refuses to open a store that is not there. When absent, a store is made where there is none. */
  readonly create?: boolean | undefined;
};

/**
 * A store in a SQL database: `{ path }` is an embedded SQLite file (needs the packages `kysely` and `libsql`), `{ url }` a
 * PostgreSQL database that several processes may share (needs `kysely` and `pg`). Tables are created and migrated when it
 * is opened; the file is created readable by its owner only.
 *
 * @throws LanelockError `ERR_ARGUMENT` for a path or URL that cannot be one. When opened: `ERR_DEPENDENCY`, `ERR_STORE`.
 * @example
 * await using kms = await Kms.open({ store: sqlStore({ path: "keys.db" }), rootKey: { file: "root.key" } });
 */
export function sqlStore(options: SqlStoreOptions): KeyStore {
  const path: unknown = "path" in options ? options.path : undefined;
  const url: unknown = "url" in options ? options.url : undefined;
  const create = options.create ?? true;
  if (typeof path === "string" && path !== "" && path !== ":memory:" && url === undefined) {
    return new SqlStore({
      name: `SQLite ${path}`,
      packages: "kysely libsql",
      path,
      create,
      connect: () => sqlite(path, create),
    });
  }
  if (typeof url === "string" && path === undefined) {
    return new SqlStore({ name: postgresName(url), packages: "kysely pg", create, connect: () => postgres(url) });
  }
  throw new LanelockError(
    "ERR_ARGUMENT",
    'sqlStore takes { path: "keys.db" } or { url: "postgres://…" }. For a store in memory use memoryStore().',
  );
}

async function sqlite(path: string, create: boolean) {
  return (await import("./sql/sqlite-engine.ts")).openSqlite(path, create);
}

async function postgres(url: string) {
  return (await import("./sql/postgres-engine.ts")).openPostgres(url);
}

/** Host and database, never the user or the password. */
function postgresName(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed && /^postgres(ql)?:$/.test(parsed.protocol)) return `PostgreSQL ${parsed.host}${parsed.pathname}`;
  throw new LanelockError("ERR_ARGUMENT", 'The url of sqlStore must begin with "postgres://".');
}

interface SqlStoreParts {
  readonly name: string;
  readonly packages: string;
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
    try {
      const { OpenSqlStore } = await import("./sql/sql-store.ts");
      this.#opened = await OpenSqlStore.open(name, connect, create);
    } catch (cause) {
      if (!isMissingPackage(cause)) throw cause;
      const message = `${name} needs packages that are not installed: npm install ${packages}`;
      throw new LanelockError("ERR_DEPENDENCY", message, { cause });
    }
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

  async changeCounter() {
    return this.#store.changeCounter();
  }

  async read<T>(work: (rows: StoreReader) => Promise<T>) {
    return this.#store.read(work);
  }

  async write<T>(work: (rows: StoreWriter) => Promise<T>) {
    return this.#store.write(work);
  }

  async reserve(request: CounterRequest) {
    return this.#store.reserve(request);
  }

  async anchor(row: AuditAnchorRow) {
    return this.#store.anchor(row);
  }

  async claim(name: string): Promise<StoreClaim | undefined> {
    return this.#store.claim(name);
  }

  async scrub() {
    return this.#store.scrub();
  }
}

function isMissingPackage(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
}
