import Database from "libsql";
import pg from "pg";

/** Rows as SQL has them. */
export type SqlRow = Readonly<Record<string, unknown>>;
export type Snapshot = ReadonlyMap<string, readonly SqlRow[]>;

export const TABLES = [
  ...["keys", "versions", "key_objects", "aliases", "tags", "import_tokens", "anchors", "counters", "meta"],
].map((name) => `lanelock_${name}`);

const PRIMARY_KEYS: Readonly<Record<string, readonly string[]>> = {
  lanelock_keys: ["keyId"],
  lanelock_versions: ["versionId"],
  lanelock_key_objects: ["versionId", "mode"],
  lanelock_aliases: ["aliasName"],
  lanelock_tags: ["keyId", "tagKey"],
  lanelock_import_tokens: ["tokenId"],
  lanelock_anchors: ["chainId"],
  lanelock_counters: ["versionId", "mode"],
  lanelock_meta: ["name"],
};

export function primaryKey(table: string): readonly string[] {
  return PRIMARY_KEYS[table] ?? [];
}

export function nameOf(table: string, row: SqlRow): string {
  return primaryKey(table)
    .map((column) => String(row[column]))
    .join(" ");
}

/** Somebody with a SQL client and no root key. */
export interface Intruder {
  snapshot(): Promise<Snapshot>;
  /** The rows of all tables are these, whatever they were. */
  restore(snapshot: Snapshot): Promise<void>;
  put(table: string, row: SqlRow): Promise<void>;
  remove(table: string, row: SqlRow): Promise<void>;
  close(): Promise<void>;
}

interface Client {
  all(statement: string): Promise<readonly SqlRow[]>;
  run(statement: string, values?: readonly unknown[]): Promise<void>;
  close(): Promise<void>;
}

/** The place of a value in a statement, by its number from 1. */
type Place = (number: number) => string;

function intruder(client: Client, place: Place): Intruder {
  const put = (table: string, row: SqlRow) => {
    const columns = Object.keys(row);
    const names = columns.map((column) => `"${column}"`);
    const keys = primaryKey(table).map((column) => `"${column}"`);
    const statement = `insert into ${table} (${names.join(", ")}) values (${names.map((_, i) => place(i + 1)).join(", ")})
      on conflict (${keys.join(", ")}) do update set ${names.map((name) => `${name} = excluded.${name}`).join(", ")}`;
    return client.run(
      statement,
      columns.map((column) => row[column]),
    );
  };
  return {
    put,
    async snapshot() {
      const tables: [string, readonly SqlRow[]][] = [];
      for (const table of TABLES) tables.push([table, (await client.all(`select * from ${table}`)).map(owned)]);
      return new Map(tables);
    },
    async restore(snapshot) {
      await client.run("begin");
      for (const [table, rows] of snapshot) {
        await client.run(`delete from ${table}`);
        for (const row of rows) await put(table, row);
      }
      await client.run("commit");
    },
    async remove(table, row) {
      const columns = primaryKey(table);
      const where = columns.map((column, i) => `"${column}" = ${place(i + 1)}`).join(" and ");
      await client.run(
        `delete from ${table} where ${where}`,
        columns.map((column) => row[column]),
      );
    },
    close: () => client.close(),
  };
}

export function sqliteIntruder(path: string): Intruder {
  const database = new Database(path, { timeout: 10_000 });
  const client: Client = {
    all: async (statement) => database.prepare(statement).all() as SqlRow[],
    run: async (statement, values = []) => void database.prepare(statement).run([...values]),
    close: async () => void database.close(),
  };
  return intruder(client, () => "?");
}

const BIGINT = 20;
const getTypeParser: typeof pg.types.getTypeParser = (id: number, format?: "text" | "binary") =>
  id === BIGINT ? Number : pg.types.getTypeParser(id, format as "text");

export async function postgresIntruder(url: string): Promise<Intruder> {
  const connection = new pg.Client({ connectionString: url, types: { getTypeParser } });
  await connection.connect();
  const client: Client = {
    all: async (statement) => (await connection.query<SqlRow>(statement)).rows,
    run: async (statement, values = []) => void (await connection.query(statement, [...values])),
    close: () => connection.end(),
  };
  return intruder(client, (number) => `$${number}`);
}

/** The driver of SQLite hands out bytes as `ArrayBuffer` and takes them as `Buffer`. */
function owned(row: unknown): SqlRow {
  const entries = Object.entries(row as SqlRow);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value instanceof ArrayBuffer ? Buffer.from(new Uint8Array(value)) : value]),
  );
}

/** Another value of the same kind. */
export function altered(value: unknown): unknown {
  if (typeof value === "string") return `${value}x`;
  if (typeof value === "number") return value === 0 ? 1 : value - 1;
  if (Buffer.isBuffer(value)) {
    return value.length === 0 ? Buffer.of(1) : Buffer.from(value.map((byte, i) => (i === 0 ? byte ^ 1 : byte)));
  }
  // A number too, in columns of numbers that hold none.
  return "1";
}

export function isSame(a: SqlRow, b: SqlRow): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
