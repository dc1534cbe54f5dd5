import { closeSync, existsSync, openSync } from "node:fs";
import { Kysely, SqliteDialect, sql } from "kysely";
import LibsqlDatabase from "libsql";
import type { StoreClaim } from "../../kms/ports/index.ts";
import type { Session, SqlEngine, TransactionKind } from "./engine.ts";
import { patiently } from "./patience.ts";
import type { Database } from "./schema.ts";
import { isBusy, noStore } from "./store-failure.ts";

/** The driver waits by blocking the thread, so it waits little; then {@link patiently} waits without blocking. */
const BLOCKING_MILLISECONDS = 20;

/** SQLite gives its log and lock files the mode of the database file. */
function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    // An existing file is not opened here: closing it would drop the locks this process may hold on it.
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw cannotOpen(path, error);
  }
}

function cannotOpen(path: string, cause: unknown): Error {
  return Object.assign(new Error(`cannot create ${path}`, { cause }), { code: "SQLITE_CANTOPEN" });
}

/** A database file through libsql: write-ahead log, every commit synced to disk, deleted content overwritten with zeros. */
export async function openSqlite(path: string, create: boolean): Promise<SqlEngine> {
  if (create) createPrivately(path);
  else if (!existsSync(path)) throw noStore(`SQLite ${path}`);
  const database = await patiently(() => new LibsqlDatabase(path, { timeout: BLOCKING_MILLISECONDS }));
  try {
    for (const pragma of ["journal_mode = wal", "synchronous = full", "secure_delete = on", "cell_size_check = on"]) {
      await patiently(() => database.exec(`pragma ${pragma}`));
    }
  } catch (error) {
    database.close();
    throw error;
  }
  return new SqliteEngine(path, database);
}

class SqliteEngine implements SqlEngine {
  readonly bytes = "blob";
  readonly db: Kysely<Database>;
  readonly #path: string;
  readonly #database: LibsqlDatabase.Database;

  constructor(path: string, database: LibsqlDatabase.Database) {
    this.#path = path;
    this.#database = database;
    this.db = new Kysely<Database>({ dialect: new SqliteDialect({ database }) });
  }

  /**
   * Through the driver's `exec`, whose statements end when they fail: a prepared BEGIN that found the database busy would
   * stay half-run, and later commits be refused for it (libsql 0.5).
   */
  async begin(_session: Session, kind: TransactionKind) {
    await patiently(() => this.#database.exec(kind === "write" ? "begin immediate" : "begin"));
  }

  async end(_session: Session, how: "commit" | "rollback") {
    this.#database.exec(how);
  }

  async excludeMigrations() {
    // `begin immediate` has excluded every other writer already.
  }

  /** A lock of the operating system on a file next to the database: it ends with the process, however it ends. */
  async claim(name: string): Promise<StoreClaim | undefined> {
    const path = `${this.#path}.${name}.lock`;
    createPrivately(path);
    const lock = new LibsqlDatabase(path, { timeout: 0 });
    try {
      lock.exec("begin exclusive");
    } catch (error) {
      lock.close();
      if (isBusy(error)) return undefined;
      throw error;
    }
    return {
      lost: false,
      check: async () => undefined,
      release: async () => {
        lock.close();
      },
    };
  }

  async scrub() {
    // Freed pages are zeroed as they are freed (secure_delete); what remains is in the log until it is emptied.
    await this.db.connection().execute((session) =>
      patiently(async () => {
        const { rows } = await sql<{ busy: number }>`pragma wal_checkpoint(truncate)`.execute(session);
        if (rows[0]?.busy) throw Object.assign(new Error("the log is in use"), { code: "SQLITE_BUSY" });
      }),
    );
  }

  async close() {
    // The driver may keep the file open until its statements are collected, so SQLite's own checkpoint on close comes late.
    await sql`pragma wal_checkpoint(truncate)`.execute(this.db).catch(() => undefined);
    await this.db.destroy();
  }
}
