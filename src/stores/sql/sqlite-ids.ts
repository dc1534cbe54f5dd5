import { chmodSync, closeSync, openSync } from "node:fs";
import { LanelockError } from "../../errors.ts";
import type { RememberedId } from "../../kms/ports/index.ts";
import { ExpiringFingerprints } from "../../shared/expiring-fingerprints.ts";
import { systemTime } from "../../shared/timers.ts";
import { LibsqlConnection } from "./libsql-connection.ts";
import { patiently } from "./patience.ts";

const BLOCKING_MILLISECONDS = 20;
const FORGET_EVERY_MILLISECONDS = 60_000;
const ID_BYTES = 16;
/** `id ‖ f64be until` */
const ENTRY_BYTES = ID_BYTES + 8;
/** Of all processes together; 256 MiB at most. */
const MAX_IDS = 16_777_216;

/**
 * Ids that are remembered for a while, in a separate database file beside the store. It is written for every batch of requests, is
 * never synced, and may be deleted while no server runs.
 *
 * The file is a list of batches. Each process knows their ids, 64 bits of each: before it adds a batch, it reads those that others have added
 * since its last, in the same transaction. An index over random ids would write a page of the database for nearly every one.
 */
export class SqliteIds {
  readonly #name: string;
  readonly #path: string;
  readonly #known = new ExpiringFingerprints();
  #open: Opened | undefined;
  /** The number of the last batch that is known. */
  #last = 0;
  #forgottenAt = 0;

  constructor(name: string, path: string) {
    this.#name = name;
    this.#path = path;
  }

  async remember(entries: readonly RememberedId[]): Promise<readonly boolean[]> {
    const opened = await this.#opened();
    return patiently(() => this.#transaction(opened, entries));
  }

  /** Without a pause: nothing else in this process may use the connection meanwhile. */
  #transaction({ connection, later, insert }: Opened, entries: readonly RememberedId[]): readonly boolean[] {
    connection.exec("begin immediate");
    try {
      this.#forget(connection);
      for (const row of later.iterate([this.#last])) this.#learn(row as Batch);
      const isNew = entries.map((entry) => this.#add(entry.id, entry.until));
      const added = entries.filter((_, index) => isNew[index]);
      let last = this.#last;
      if (added.length > 0) {
        const until = Math.max(...added.map((entry) => entry.until));
        last = Number(insert.run([until, encoded(added)]).lastInsertRowid);
      }
      connection.exec("commit");
      // A number that was rolled back is given to the next batch of any process.
      this.#last = last;
      return isNew;
    } catch (error) {
      rollBack(connection);
      throw error;
    }
  }

  close(): void {
    this.#open?.connection.close();
    this.#open = undefined;
  }

  #learn({ n, ids: given }: Batch): void {
    const ids = new Uint8Array(given);
    const view = new DataView(ids.buffer);
    for (let at = 0; at + ENTRY_BYTES <= ids.length; at += ENTRY_BYTES) {
      this.#add(ids.subarray(at, at + ID_BYTES), view.getFloat64(at + ID_BYTES));
    }
    this.#last = n;
  }

  /** @returns whether the id is new */
  #add(id: Uint8Array, until: number): boolean {
    const view = new DataView(id.buffer, id.byteOffset, ID_BYTES);
    const [high, low] = [view.getUint32(0), view.getUint32(4)];
    if (this.#known.has(high, low)) return false;
    if (this.#known.size >= MAX_IDS) {
      throw new LanelockError("ERR_LIMIT", `${this.#path} has ${MAX_IDS} ids, as many as it may. Try again later.`);
    }
    this.#known.add(high, low, until);
    return true;
  }

  async #opened(): Promise<Opened> {
    if (this.#open !== undefined) return this.#open;
    closeSync(openSync(this.#path, "a", 0o600));
    chmodSync(this.#path, 0o600);
    const connection = await patiently(
      () => new LibsqlConnection(this.#name, this.#path, { timeout: BLOCKING_MILLISECONDS }),
    );
    try {
      for (const statement of [
        ...["pragma journal_mode = wal", "pragma synchronous = off"],
        // A number is never given out twice, so that no batch is missed after older ones were deleted.
        "create table if not exists batches (n integer primary key autoincrement, until integer not null, ids blob not null)",
      ]) {
        await patiently(() => connection.exec(statement));
      }
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#open = {
      connection,
      later: connection.prepare("select n, ids from batches where n > ? order by n"),
      insert: connection.prepare("insert into batches (until, ids) values (?, ?)"),
    };
    return this.#open;
  }

  #forget(connection: LibsqlConnection): void {
    const now = systemTime.now();
    if (now - this.#forgottenAt < FORGET_EVERY_MILLISECONDS) return;
    this.#forgottenAt = now;
    this.#known.forget(now);
    connection.prepare("delete from batches where until < ?").run([now]);
  }
}

interface Opened {
  readonly connection: LibsqlConnection;
  readonly later: ReturnType<LibsqlConnection["prepare"]>;
  readonly insert: ReturnType<LibsqlConnection["prepare"]>;
}

interface Batch {
  readonly n: number;
  /** The driver's form of a blob. */
  readonly ids: ArrayBuffer;
}

function rollBack(connection: LibsqlConnection): void {
  try {
    connection.exec("rollback");
  } catch {
    // SQLite has done so itself, as it does when the disk is full.
  }
}

function encoded(entries: readonly RememberedId[]): Buffer {
  const bytes = Buffer.alloc(entries.length * ENTRY_BYTES);
  for (const [index, { id, until }] of entries.entries()) {
    bytes.set(id.subarray(0, ID_BYTES), index * ENTRY_BYTES);
    bytes.writeDoubleBE(until, index * ENTRY_BYTES + ID_BYTES);
  }
  return bytes;
}
