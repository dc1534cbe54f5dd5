import { Kysely, sql } from "kysely";
import pg from "pg";
import type { RememberedId, StoreClaim } from "../../kms/ports/index.ts";
import { clearTimeout, setTimeout, type Timer } from "../../shared/timers.ts";
import type { Session, SqlEngine, TransactionKind } from "./engine.ts";
import { PostgresClaim } from "./postgres-claim.ts";
import { PostgresPoolDialect } from "./postgres-driver.ts";
import { PostgresIds } from "./postgres-ids.ts";
import { refuseTransactionPooler } from "./postgres-pooler.ts";
import { type ConnectionSettings, connectionSettings, type PostgresOptions } from "./postgres-settings.ts";
import type { Database } from "./schema.ts";
import { postgresFailure } from "./store-failure.ts";

const TIMEOUT_MILLISECONDS = 30_000;
/** Longer than the server's statement time-out: a connection that is silent for so long is dead, or idle. */
const SILENCE_MILLISECONDS = TIMEOUT_MILLISECONDS + 5_000;
/** How long `close` waits for the server to end the connections. */
const GOODBYE_MILLISECONDS = 5_000;
const MAX_CONNECTIONS = 8;
/** Names the advisory lock that migrations take. */
const MIGRATION_LOCK = 7_233_196_001;

const SET_UP = [
  "set synchronous_commit = on",
  `set statement_timeout = ${TIMEOUT_MILLISECONDS}`,
  `set lock_timeout = ${TIMEOUT_MILLISECONDS}`,
].join("; ");

const TABLES = [
  ...["meta", "keys", "versions", "key_objects", "aliases", "tags", "import_tokens", "anchors", "counters"],
].map((name) => `lanelock_${name}`);

/** A PostgreSQL database: for several processes, on one machine or many, that use one store. */
export async function openPostgres(name: string, options: PostgresOptions): Promise<SqlEngine> {
  try {
    const engine = new PostgresEngine(name, connectionSettings(options));
    try {
      await refuseTransactionPooler(name, engine.pool);
      return engine;
    } catch (error) {
      await engine.close().catch(() => undefined);
      throw error;
    }
  } catch (cause) {
    throw postgresFailure(name, cause);
  }
}

/**
 * Whether the pool can let the process end while it has idle connections. For that it calls `unref` on its timers, which are numbers
 * in jsdom.
 */
function timersAreObjects(): boolean {
  const timer: unknown = setTimeout(() => undefined);
  clearTimeout(timer as Timer);
  return typeof timer === "object";
}

class PostgresEngine implements SqlEngine {
  readonly bytes = "bytea";
  readonly db: Kysely<Database>;
  readonly pool: pg.Pool;
  readonly #name: string;
  readonly #settings: ConnectionSettings;
  readonly #claims = new Set<PostgresClaim>();
  readonly #clients = new Set<pg.PoolClient>();
  readonly #ids: PostgresIds;

  constructor(name: string, settings: ConnectionSettings) {
    this.#name = name;
    this.#settings = settings;
    const { config, Client } = settings;
    const pool = new pg.Pool({ ...config, Client, max: MAX_CONNECTIONS, allowExitOnIdle: timersAreObjects() });
    // A connection may break while it is idle or between two queries; the next query then fails. Without a listener the event
    // would end the process.
    pool.on("error", () => undefined);
    pool.on("connect", (client) => {
      this.#clients.add(client);
      client.on("error", () => undefined);
      // A network may break without an error: the waiting caller gets one from here, and the next call a working connection.
      const { stream } = client.connection;
      if ("setTimeout" in stream && typeof stream.setTimeout === "function") {
        stream.setTimeout(SILENCE_MILLISECONDS, () => stream.destroy());
      }
    });
    pool.on("remove", (client) => this.#clients.delete(client));
    this.pool = pool;
    const failure = (cause: unknown) => this.failure(cause);
    this.#ids = new PostgresIds(pool);
    this.db = new Kysely<Database>({ dialect: new PostgresPoolDialect({ pool, setUp: SET_UP, failure }) });
  }

  failure(cause: unknown) {
    return postgresFailure(this.#name, cause);
  }

  async begin(session: Session, kind: TransactionKind) {
    const level = kind === "write" ? "read committed read write" : "repeatable read read only";
    await sql.raw(`begin isolation level ${level}`).execute(session);
  }

  async end(session: Session, how: "commit" | "rollback") {
    await sql.raw(how).execute(session);
  }

  async excludeMigrations(session: Session) {
    await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(session);
  }

  async claim(name: string): Promise<StoreClaim | undefined> {
    const onRelease = (claim: PostgresClaim) => this.#claims.delete(claim);
    const claim = await PostgresClaim.take(name, { settings: this.#settings, onRelease });
    if (claim !== undefined) this.#claims.add(claim);
    return claim;
  }

  usage() {
    return { open: this.pool.totalCount, waiting: this.pool.waitingCount };
  }

  remember(entries: readonly RememberedId[]) {
    return this.#ids.remember(entries);
  }

  async scrub() {
    await sql`vacuum ${sql.join(TABLES.map((name) => sql.table(name)))}`.execute(this.db);
  }

  async close() {
    const errors: unknown[] = [];
    for (const claim of this.#claims) await claim.release().catch((error) => errors.push(error));
    await this.#endPool().catch((error) => errors.push(error));
    if (errors.length > 0) throw this.failure(errors[0]);
  }

  /** Ends the connections; closes their sockets if that takes too long. */
  async #endPool(): Promise<void> {
    let hangUp: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      hangUp = setTimeout(resolve, GOODBYE_MILLISECONDS);
    });
    try {
      // Kysely does not close a pool that it never used.
      await Promise.race([late, this.db.destroy().then(() => (this.pool.ending ? undefined : this.pool.end()))]);
    } finally {
      clearTimeout(hangUp);
      for (const { connection } of this.#clients) connection.stream.destroy();
    }
  }
}
