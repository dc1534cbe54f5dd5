import { Kysely, SqliteDialect, sql } from "kysely";
import type { RememberedId, StoreClaim } from "../../kms/ports/index.ts";
import { AppendedIds } from "./appended-ids.ts";
import type { Session, SqlEngine, TransactionKind } from "./engine.ts";
import { endLingering, LibsqlConnection } from "./libsql-connection.ts";
import { patiently } from "./patience.ts";
import type { Database } from "./schema.ts";
import { SqliteClaim } from "./sqlite-claim.ts";
import { DatabaseFile } from "./sqlite-file.ts";
import { sqliteFailure } from "./store-failure.ts";

/** The driver waits by blocking the thread, so it waits little; then {@link patiently} waits without blocking. */
const BLOCKING_MILLISECONDS = 20;

/** Write-ahead log, every commit synced to disk, deleted content overwritten with zeros, cells checked as pages are read. */
export const PRAGMAS = ["journal_mode = wal", "synchronous = full", "secure_delete = on", "cell_size_check = on"];

/** Opens a database file through libsql. */
export async function openSqlite(name: string, path: string, create: boolean): Promise<SqlEngine> {
  try {
    const file = DatabaseFile.find(name, path, create);
    const connection = await patiently(() => new LibsqlConnection(name, file.path, { timeout: BLOCKING_MILLISECONDS }));
    try {
      for (const pragma of PRAGMAS) await patiently(() => connection.exec(`pragma ${pragma}`));
      // Checks that the opened file is the checked one.
      file.check();
    } catch (error) {
      connection.close();
      throw error;
    }
    return new SqliteEngine(name, file, connection);
  } catch (cause) {
    throw sqliteFailure(name, cause);
  }
}

class SqliteEngine implements SqlEngine {
  readonly bytes = "blob";
  readonly db: Kysely<Database>;
  readonly #name: string;
  readonly #file: DatabaseFile;
  readonly #connection: LibsqlConnection;
  readonly #claims = new Set<StoreClaim>();
  #ids: AppendedIds | undefined;

  constructor(name: string, file: DatabaseFile, connection: LibsqlConnection) {
    this.#name = name;
    this.#file = file;
    this.#connection = connection;
    this.db = new Kysely<Database>({ dialect: new SqliteDialect({ database: connection }) });
  }

  failure(cause: unknown) {
    return sqliteFailure(this.#name, cause);
  }

  /**
   * Through the driver's `exec`, whose statements end when they fail. A prepared BEGIN that found the database busy would remain
   * active, and later commits would be refused (libsql 0.5).
   */
  async begin(_session: Session, kind: TransactionKind) {
    this.#file.check();
    await patiently(() => this.#connection.exec(kind === "write" ? "begin immediate" : "begin"));
  }

  async end(_session: Session, how: "commit" | "rollback") {
    this.#connection.exec(how);
  }

  async excludeMigrations() {
    // `begin immediate` has excluded every other writer already.
  }

  async claim(name: string): Promise<StoreClaim | undefined> {
    const path = `${this.#file.path}.${name}.lock`;
    const claim = SqliteClaim.take(this.#name, path, (released) => this.#claims.delete(released));
    if (claim !== undefined) this.#claims.add(claim);
    return claim;
  }

  async remember(entries: readonly RememberedId[]) {
    this.#ids ??= new AppendedIds(`${this.#file.path}.nonces`);
    return this.#ids.remember(entries);
  }

  async scrub() {
    // Freed pages are zeroed at once (secure_delete). Old contents remain in the log until it is truncated.
    await this.db.connection().execute((session) =>
      patiently(async () => {
        const { rows } = await sql<{ busy: number }>`pragma wal_checkpoint(truncate)`.execute(session);
        if (rows[0]?.busy) throw this.failure({ code: "SQLITE_BUSY", message: "the log is in use" });
      }),
    );
  }

  async close() {
    const errors: unknown[] = [];
    for (const claim of this.#claims) await claim.release().catch((error) => errors.push(error));
    // The driver may keep the file open until its statements are collected, so SQLite's own checkpoint on close comes late.
    await sql`pragma wal_checkpoint(truncate)`.execute(this.db).catch(() => undefined);
    this.#ids?.close();
    await this.db.destroy().catch((error) => errors.push(error));
    // Kysely does not close a connection that it never used.
    this.#connection.close();
    await endLingering();
    if (errors.length > 0) throw this.failure(errors[0]);
  }
}
