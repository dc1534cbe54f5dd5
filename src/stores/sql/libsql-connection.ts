import type { SqliteDatabase } from "kysely";
import LibsqlDatabase from "libsql";
import { nextTurn } from "../../shared/pause.ts";
import { sqliteFailure } from "./store-failure.ts";

/** Closed connections whose files may still be open, before they are collected. */
const MOST_LINGERING = 16;

let lingering = 0;
const collected = new FinalizationRegistry<undefined>(() => {
  lingering--;
});

/**
 * Statements of libsql 0.5 cannot be closed: SQLite keeps the files of a closed connection open until the last statement is
 * collected. A program that opens and closes often would run out of descriptors before a lack of memory starts the collector. So
 * this starts it now and then.
 */
function collectGarbage(): void {
  try {
    const v8 = globalThis.process.getBuiltinModule("node:v8");
    const vm = globalThis.process.getBuiltinModule("node:vm");
    v8.setFlagsFromString("--expose-gc");
    vm.runInNewContext("gc()");
  } catch {
    // Another engine, or a policy that forbids it: files stay open until the engine collects by itself.
  }
}

/** A connection of libsql for Kysely. An error of the driver becomes a LanelockError `ERR_STORE`. */
export class LibsqlConnection implements SqliteDatabase {
  readonly #name: string;
  readonly #database: LibsqlDatabase.Database;
  /** Alive as long as any statement is. */
  #token: object | undefined = {};
  readonly #tokens = new WeakMap<object, object>();

  constructor(name: string, path: string, options: { timeout: number }) {
    this.#name = name;
    this.#database = this.#attempt(() => new LibsqlDatabase(path, options));
  }

  #attempt<T>(call: () => T): T {
    try {
      return call();
    } catch (cause) {
      throw sqliteFailure(this.#name, cause);
    }
  }

  exec(statements: string): void {
    this.#attempt(() => this.#database.exec(statements));
  }

  prepare(text: string) {
    const statement = this.#attempt(() => this.#database.prepare(text));
    if (this.#token !== undefined) this.#tokens.set(statement, this.#token);
    return {
      reader: this.#attempt(() => statement.reader),
      // The parameters inside an array: libsql takes a single Buffer for a list of them, and aborts the process.
      all: (parameters: readonly unknown[]) => this.#attempt(() => statement.all(parameters)),
      run: (parameters: readonly unknown[]) => {
        const { changes, lastInsertRowid } = this.#attempt(() => statement.run(parameters));
        return { changes, lastInsertRowid };
      },
      iterate: (parameters: readonly unknown[]) => this.#attempt(() => statement.iterate(parameters)),
    };
  }

  close(): void {
    if (this.#token === undefined) return;
    collected.register(this.#token, undefined);
    this.#token = undefined;
    lingering++;
    this.#attempt(() => this.#database.close());
  }
}

/** Call it after a connection was closed. */
export async function endLingering(): Promise<void> {
  if (lingering < MOST_LINGERING) return;
  collectGarbage();
  // Finalizers run in later turns.
  await nextTurn();
  await nextTurn();
}
