import type { StoreClaim } from "../../kms/ports/index.ts";
import { LibsqlConnection } from "./libsql-connection.ts";
import { DatabaseFile } from "./sqlite-file.ts";
import { isBusy, sqliteFailure } from "./store-failure.ts";

/** A lock of the operating system on a file next to the database: it ends with the process, however the process ends. */
export class SqliteClaim implements StoreClaim {
  readonly #file: DatabaseFile;
  readonly #lock: LibsqlConnection;
  readonly #onRelease: (claim: SqliteClaim) => void;
  #lost = false;

  private constructor(file: DatabaseFile, lock: LibsqlConnection, onRelease: (claim: SqliteClaim) => void) {
    this.#file = file;
    this.#lock = lock;
    this.#onRelease = onRelease;
  }

  /** @returns `undefined` when another claim holds it */
  static take(name: string, path: string, onRelease: (claim: SqliteClaim) => void): SqliteClaim | undefined {
    const file = findFile(name, path);
    const lock = new LibsqlConnection(name, file.path, { timeout: 0 });
    try {
      lock.exec("begin exclusive");
    } catch (error) {
      lock.close();
      if (isBusy(error)) return undefined;
      throw error;
    }
    return new SqliteClaim(file, lock, onRelease);
  }

  get lost(): boolean {
    return this.#lost;
  }

  /** If the lock file was deleted, another process can make and lock a new one. */
  async check(): Promise<void> {
    try {
      this.#file.check();
    } catch {
      this.#lost = true;
    }
  }

  async release(): Promise<void> {
    this.#onRelease(this);
    this.#lock.close();
  }
}

function findFile(name: string, path: string): DatabaseFile {
  try {
    return DatabaseFile.find(name, path, true);
  } catch (cause) {
    throw sqliteFailure(name, cause);
  }
}
