import { chmodSync, closeSync, openSync } from "node:fs";
import type { RememberedId } from "../../kms/ports/index.ts";
import { systemTime } from "../../shared/timers.ts";
import { LibsqlConnection } from "./libsql-connection.ts";
import { patiently } from "./patience.ts";

const BLOCKING_MILLISECONDS = 20;
const FORGET_EVERY_MILLISECONDS = 60_000;

/**
 * Ids that are remembered for a while, in a separate database file beside the store. It is written for every batch of requests, is
 * never synced, and may be deleted while no server runs.
 */
export class SqliteIds {
  readonly #name: string;
  readonly #path: string;
  #connection: LibsqlConnection | undefined;
  #forgottenAt = 0;

  constructor(name: string, path: string) {
    this.#name = name;
    this.#path = path;
  }

  async remember(entries: readonly RememberedId[]): Promise<readonly boolean[]> {
    const connection = await this.#opened();
    await patiently(() => connection.exec("begin immediate"));
    try {
      this.#forget(connection);
      const insert = connection.prepare("insert or ignore into ids (id, until) values (?, ?)");
      const isNew = entries.map(({ id, until }) => insert.run([Buffer.from(id), until]).changes === 1);
      connection.exec("commit");
      return isNew;
    } catch (error) {
      connection.exec("rollback");
      throw error;
    }
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #opened(): Promise<LibsqlConnection> {
    if (this.#connection !== undefined) return this.#connection;
    closeSync(openSync(this.#path, "a", 0o600));
    chmodSync(this.#path, 0o600);
    const connection = await patiently(
      () => new LibsqlConnection(this.#name, this.#path, { timeout: BLOCKING_MILLISECONDS }),
    );
    try {
      for (const statement of [
        ...["pragma journal_mode = wal", "pragma synchronous = off"],
        "create table if not exists ids (id blob primary key, until integer not null) without rowid",
      ]) {
        await patiently(() => connection.exec(statement));
      }
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#connection = connection;
    return connection;
  }

  #forget(connection: LibsqlConnection): void {
    const now = systemTime.now();
    if (now - this.#forgottenAt < FORGET_EVERY_MILLISECONDS) return;
    this.#forgottenAt = now;
    connection.prepare("delete from ids where until < ?").run([now]);
  }
}
