import { LanelockError } from "../../errors.ts";
import type { KeyStore, PoolUsage, RememberedId, StoreClaim, StoreReader, StoreWriter } from "../../kms/ports/index.ts";
import type { Session, SqlEngine, TransactionKind } from "./engine.ts";
import { patiently } from "./patience.ts";
import { isMade, migrate, SCHEMA_VERSION } from "./schema.ts";
import { SqlReader } from "./sql-reader.ts";
import { SqlWriter } from "./sql-writer.ts";
import { noStore } from "./store-failure.ts";

/** The part of a SQL store that is loaded when it is opened, so that importing `lanelock/stores` needs no database. */
export class OpenSqlStore implements Omit<KeyStore, "open"> {
  readonly name: string;
  readonly #engine: SqlEngine;

  private constructor(name: string, engine: SqlEngine) {
    this.name = name;
    this.#engine = engine;
  }

  static async open(name: string, connect: () => Promise<SqlEngine>, create: boolean): Promise<OpenSqlStore> {
    const engine = await connect();
    const store = new OpenSqlStore(name, engine);
    try {
      await store.#migrate(create);
      return store;
    } catch (error) {
      await engine.close().catch(() => undefined);
      throw engine.failure(error);
    }
  }

  async #migrate(create: boolean): Promise<void> {
    const engine = this.#engine;
    const version = await this.#transaction("write", async (session) => {
      await engine.excludeMigrations(session);
      if (!create && !(await isMade(session))) throw noStore(this.name);
      return migrate(session, engine.bytes);
    });
    if (version <= SCHEMA_VERSION) return;
    throw new LanelockError(
      "ERR_STORE",
      `${this.name} was written by a newer lanelock (schema ${version}; this one knows ${SCHEMA_VERSION}). Upgrade lanelock.`,
    );
  }

  async close() {
    await this.#engine.close();
  }

  async #translated<T>(task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      throw this.#engine.failure(error);
    }
  }

  /** Passes on what `work` throws. Every other failure becomes a LanelockError. */
  async #transaction<T>(kind: TransactionKind, work: (session: Session) => Promise<T>): Promise<T> {
    let refusal: { readonly reason: unknown } | undefined;
    try {
      return await this.#engine.db.connection().execute(async (session) => {
        try {
          await this.#engine.begin(session, kind);
          const result = await work(session).catch((reason) => {
            refusal = { reason };
            throw reason;
          });
          await this.#engine.end(session, "commit");
          return result;
        } catch (error) {
          // The first error says what happened; a connection that cannot even roll back is dropped.
          await this.#engine.end(session, "rollback").catch(() => undefined);
          throw error;
        }
      });
    } catch (error) {
      if (refusal !== undefined) throw refusal.reason;
      throw this.#engine.failure(error);
    }
  }

  read<T>(work: (rows: StoreReader) => Promise<T>) {
    return this.#read((session) => work(new SqlReader(session)));
  }

  /** A read may find the database busy for a moment, while another process recovers it after a crash. */
  #read<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return patiently(() => this.#transaction("read", work));
  }

  #write<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#transaction("write", work);
  }

  write<T>(work: (rows: StoreWriter) => Promise<T>) {
    return this.#write(async (session) => {
      // In PostgreSQL this row's lock is what makes the transaction the only writer; so it comes first.
      await session
        .updateTable("lanelock_store")
        .set((row) => ({ changes: row("changes", "+", 1) }))
        .execute();
      return work(new SqlWriter(session));
    });
  }

  claim(name: string): Promise<StoreClaim | undefined> {
    return this.#translated(() => this.#engine.claim(name));
  }

  remember(entries: readonly RememberedId[]) {
    return this.#translated(() => this.#engine.remember(entries));
  }

  pool(): PoolUsage | undefined {
    return this.#engine.usage?.();
  }

  scrub() {
    return this.#translated(() => this.#engine.scrub());
  }
}
