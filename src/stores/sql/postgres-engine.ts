import { Socket } from "node:net";
import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import type { StoreClaim } from "../../kms/ports/index.ts";
import type { Session, SqlEngine, TransactionKind } from "./engine.ts";
import { PostgresClaim } from "./postgres-claim.ts";
import type { Database } from "./schema.ts";

const TIMEOUT_MILLISECONDS = 30_000;
const CONNECT_MILLISECONDS = 10_000;
/** Longer than the server takes to give a statement up: a connection that is silent until then is dead, or idle. */
const SILENCE_MILLISECONDS = TIMEOUT_MILLISECONDS + 5_000;
/** When the system begins to look whether the other end of a silent connection is there. */
const KEEP_ALIVE_MILLISECONDS = 10_000;
const MAX_CONNECTIONS = 8;
/** Names the advisory lock that migrations take. */
const MIGRATION_LOCK = 7_233_196_001;

const TABLES = [
  ...["meta", "keys", "versions", "key_objects", "aliases", "tags", "import_tokens", "anchors", "counters"],
].map((name) => `lanelock_${name}`);

/** A PostgreSQL database: for several processes, on one machine or many, working on one store. */
export async function openPostgres(url: string): Promise<SqlEngine> {
  const settings: pg.ClientConfig = {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MILLISECONDS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MILLISECONDS,
    application_name: "lanelock",
    options: `-c synchronous_commit=on -c statement_timeout=${TIMEOUT_MILLISECONDS} -c lock_timeout=${TIMEOUT_MILLISECONDS}`,
  };
  return new PostgresEngine(settings);
}

class PostgresEngine implements SqlEngine {
  readonly bytes = "bytea";
  readonly db: Kysely<Database>;
  readonly #settings: pg.ClientConfig;
  readonly #claims = new Set<PostgresClaim>();

  constructor(settings: pg.ClientConfig) {
    this.#settings = settings;
    const pool = new pg.Pool({ ...settings, max: MAX_CONNECTIONS });
    // A connection may break while nothing is asked of it, idle or between two queries; the next one then tells. Unheard,
    // the event would end the process.
    pool.on("error", () => undefined);
    pool.on("connect", (client) => {
      client.on("error", () => undefined);
      // A broken network need not say so: whoever waits is told, and the next call gets a connection that works.
      const { stream } = client.connection;
      if (stream instanceof Socket) stream.setTimeout(SILENCE_MILLISECONDS, () => stream.destroy());
    });
    this.db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
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

  async scrub() {
    await sql`vacuum ${sql.join(TABLES.map((name) => sql.table(name)))}`.execute(this.db);
  }

  async close() {
    for (const claim of this.#claims) await claim.release();
    await this.db.destroy();
  }
}
