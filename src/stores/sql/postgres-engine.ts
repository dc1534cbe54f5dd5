import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import type { StoreClaim } from "../../kms/ports/index.ts";
import type { Session, SqlEngine, TransactionKind } from "./engine.ts";
import type { Database } from "./schema.ts";

const TIMEOUT_MILLISECONDS = 30_000;
const CONNECT_MILLISECONDS = 10_000;
/** Longer than the server takes to give a statement up: who hears nothing until then is cut off from it. */
const SILENCE_MILLISECONDS = TIMEOUT_MILLISECONDS + 5_000;
/** The most that a claim's connection is waited for. */
const CLAIM_MILLISECONDS = 5_000;
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
    query_timeout: SILENCE_MILLISECONDS,
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
  readonly #claims = new Set<pg.Client>();

  constructor(settings: pg.ClientConfig) {
    this.#settings = settings;
    const pool = new pg.Pool({ ...settings, max: MAX_CONNECTIONS });
    // A connection may break while nothing is asked of it, idle or between two queries; the next one then tells. Unheard,
    // the event would end the process.
    pool.on("error", () => undefined);
    pool.on("connect", (client) => client.on("error", () => undefined));
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

  /** An advisory lock of a connection kept for it: the server ends it with the connection. */
  async claim(name: string): Promise<StoreClaim | undefined> {
    const client = new pg.Client({ ...this.#settings, options: "-c idle_session_timeout=0" });
    let lost = false;
    const lose = () => {
      lost = true;
    };
    client.on("error", lose);
    client.on("end", lose);
    await client.connect();
    this.#claims.add(client);
    const release = async () => {
      this.#claims.delete(client);
      await end(client);
    };
    let asking: Promise<void> | undefined;
    const asked = () => {
      const query = { text: "select 1", query_timeout: CLAIM_MILLISECONDS };
      asking ??= client.query(query).then(() => {
        asking = undefined;
      }, lose);
      return asking;
    };
    try {
      const { rows } = await client.query("select pg_try_advisory_lock(hashtextextended($1, 0)) as held", [
        `lanelock ${name}`,
      ]);
      if (rows[0]?.held === true)
        return {
          release,
          check: () => (lost ? Promise.resolve() : asked()),
          get lost() {
            return lost;
          },
        };
    } catch (error) {
      await release();
      throw error;
    }
    await release();
    return undefined;
  }

  async scrub() {
    await sql`vacuum ${sql.join(TABLES.map((name) => sql.table(name)))}`.execute(this.db);
  }

  async close() {
    for (const client of this.#claims) await end(client);
    await this.db.destroy();
  }
}

/** Says goodbye, and hangs up on a server that does not answer that. */
async function end(client: pg.Client): Promise<void> {
  const hangUp = setTimeout(() => client.connection.stream.destroy(), CLAIM_MILLISECONDS);
  await client.end();
  clearTimeout(hangUp);
}
