import { closeSync, openSync, realpathSync, type Stats, statSync } from "node:fs";
import { LanelockError } from "../../errors.ts";
import { foreignOwner } from "../../shared/private-file.ts";
import { noStore } from "./store-failure.ts";

/**
 * Checks a file of a store: a regular one of this process's user or of root, that not everybody may write to.
 *
 * @throws LanelockError `ERR_STORE`
 */
export function checkStoreFile(stats: Stats, { name, path }: { readonly name: string; readonly path: string }): void {
  if (!stats.isFile()) throw new LanelockError("ERR_STORE", `${name} is not a regular file. Check the path.`);
  // Root may use the database of a service, for example to back it up.
  const owner = globalThis.process.geteuid?.() === 0 ? undefined : foreignOwner(stats);
  if (owner !== undefined) {
    throw new LanelockError("ERR_STORE", `${name} belongs to another user (uid ${owner}). Use a file of your own.`);
  }
  if ((stats.mode & 0o002) !== 0 && globalThis.process.platform !== "win32") {
    throw new LanelockError("ERR_STORE", `Everybody may write to ${name}. Run: chmod 600 ${path}`);
  }
}

/** A database file by its real path, recognized by its inode. */
export class DatabaseFile {
  /** Absolute and free of links: the driver would take `file:` and `libsql:` for URLs, and a link may change. */
  readonly path: string;
  readonly #name: string;
  readonly #found: Stats;
  #log: Stats | undefined;

  private constructor(name: string, path: string) {
    this.path = path;
    this.#name = name;
    this.#found = statSync(path);
    checkStoreFile(this.#found, { name, path });
  }

  /**
   * Finds the file, or makes an empty one that only its owner may use. A file that exists is never opened here: closing it would
   * drop the locks that this process may hold on it through SQLite.
   *
   * @throws the file system's error, or LanelockError `ERR_STORE`
   */
  static find(name: string, path: string, create: boolean): DatabaseFile {
    try {
      return new DatabaseFile(name, realpathSync(path));
    } catch (error) {
      if (!isMissing(error)) throw error;
      if (!create) throw noStore(name);
    }
    // Also works if a link leads nowhere yet. SQLite gives its log and lock files the same mode.
    closeSync(openSync(path, "a", 0o600));
    return new DatabaseFile(name, realpathSync(path));
  }

  /**
   * Checks that the opened file, and its log, are still the ones at their paths: data written to a deleted file is lost when this
   * process ends.
   *
   * @throws LanelockError `ERR_STORE`
   */
  check(): void {
    this.#checkSame(this.path, this.#found);
    this.#log ??= statSync(`${this.path}-wal`, { throwIfNoEntry: false });
    if (this.#log !== undefined) this.#checkSame(`${this.path}-wal`, this.#log);
  }

  #checkSame(path: string, before: Stats): void {
    const now = statSync(path, { throwIfNoEntry: false });
    if (now !== undefined && now.ino === before.ino && now.dev === before.dev) return;
    const what = now === undefined ? "deleted or moved" : "replaced";
    const remedy =
      "Nothing is read or written any more. Put the file back or restore a backup, then open the store again.";
    throw new LanelockError("ERR_STORE", `${this.#name}: ${path} was ${what} while it was open. ${remedy}`);
  }
}

function isMissing(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === "ENOENT";
}
