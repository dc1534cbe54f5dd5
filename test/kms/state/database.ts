import Database from "libsql";

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
export class Intruder {
  readonly #database: Database.Database;

  constructor(path: string) {
    this.#database = new Database(path, { timeout: 10_000 });
  }

  snapshot(): Snapshot {
    return new Map(TABLES.map((table) => [table, this.#database.prepare(`select * from ${table}`).all().map(owned)]));
  }

  /** The rows of all tables are these, whatever they were. */
  restore(snapshot: Snapshot): void {
    this.#database.exec("begin immediate");
    for (const [table, rows] of snapshot) {
      this.#database.exec(`delete from ${table}`);
      for (const row of rows) this.put(table, row);
    }
    this.#database.exec("commit");
  }

  put(table: string, row: SqlRow): void {
    const columns = Object.keys(row);
    const names = columns.map((column) => `"${column}"`).join(", ");
    const places = columns.map(() => "?").join(", ");
    const statement = this.#database.prepare(`insert or replace into ${table} (${names}) values (${places})`);
    statement.run(columns.map((column) => row[column]));
  }

  remove(table: string, row: SqlRow): void {
    const where = primaryKey(table)
      .map((column) => `"${column}" = ?`)
      .join(" and ");
    this.#database.prepare(`delete from ${table} where ${where}`).run(primaryKey(table).map((column) => row[column]));
  }

  close(): void {
    this.#database.close();
  }
}

/** The driver hands out bytes as `ArrayBuffer` and takes them as `Buffer`. */
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
  return "x";
}

export function isSame(a: SqlRow, b: SqlRow): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
