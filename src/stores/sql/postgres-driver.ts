import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from "kysely";
import type pg from "pg";
import type { LanelockError } from "../../errors.ts";

export interface DriverParts {
  readonly pool: pg.Pool;
  /** Statements for each new connection. Poolers refuse settings in the start-up message, which would need no round trip. */
  readonly setUp: string;
  readonly failure: (cause: unknown) => LanelockError;
}

/** Kysely's PostgreSQL driver over a pool. Every failure becomes a LanelockError, and drops the connection if necessary. */
export class PostgresPoolDialect implements Dialect {
  readonly #parts: DriverParts;

  constructor(parts: DriverParts) {
    this.#parts = parts;
  }

  createDriver() {
    return new PoolDriver(this.#parts);
  }

  createQueryCompiler() {
    return new PostgresQueryCompiler();
  }

  createAdapter() {
    return new PostgresAdapter();
  }

  createIntrospector(db: Kysely<unknown>) {
    return new PostgresIntrospector(db);
  }
}

class PoolConnection implements DatabaseConnection {
  readonly client: pg.PoolClient;
  readonly #failure: DriverParts["failure"];
  /** A transaction may still be open on it. */
  broken = false;

  constructor(client: pg.PoolClient, failure: DriverParts["failure"]) {
    this.client = client;
    this.#failure = failure;
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    try {
      const { command, rowCount, rows } = await this.client.query(sql, [...parameters]);
      const changes = ["INSERT", "UPDATE", "DELETE"].includes(command) && rowCount !== null;
      return { rows: rows ?? [], ...(changes ? { numAffectedRows: BigInt(rowCount) } : {}) };
    } catch (cause) {
      if (sql === "rollback") this.broken = true;
      throw this.#failure(cause);
    }
  }

  // biome-ignore lint/correctness/useYield: Kysely's interface has it, and no query of ours streams
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw this.#failure(new Error("streams are not used"));
  }
}

/** The engine begins and ends transactions by its own statements. */
class PoolDriver implements Driver {
  readonly #parts: DriverParts;
  readonly #ready = new WeakSet<pg.PoolClient>();

  constructor(parts: DriverParts) {
    this.#parts = parts;
  }

  async init() {}

  async acquireConnection(): Promise<PoolConnection> {
    const { pool, setUp, failure } = this.#parts;
    try {
      const client = await pool.connect();
      try {
        if (!this.#ready.has(client)) await client.query(setUp);
        this.#ready.add(client);
      } catch (error) {
        client.release(true);
        throw error;
      }
      return new PoolConnection(client, failure);
    } catch (cause) {
      throw failure(cause);
    }
  }

  async releaseConnection({ client, broken }: PoolConnection) {
    client.release(broken);
  }

  async beginTransaction() {}

  async commitTransaction() {}

  async rollbackTransaction() {}

  async destroy() {
    try {
      await this.#parts.pool.end();
    } catch (cause) {
      throw this.#parts.failure(cause);
    }
  }
}
