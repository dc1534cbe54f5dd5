import LibsqlDatabase from "libsql";
import pg from "pg";
import type { KeyStore, StoreWriter } from "../../../src/kms/ports/index.ts";
import { toSql } from "../../../src/stores/sql/row-codec.ts";
import type { Place } from "./worker.ts";

/** The rows of a new key, each with its MAC, by table. */
const TABLES = {
  addKey: "lanelock_keys",
  addVersion: "lanelock_versions",
  addKeyObject: "lanelock_key_objects",
} as const;
type Adds = keyof typeof TABLES;
type Row = Readonly<Record<string, unknown>>;

/** Inserts rows that all have the same columns. */
type Insert = (table: string, rows: readonly Row[]) => Promise<void>;

export interface BulkStore extends AsyncDisposable {
  readonly store: KeyStore;
}

/**
 * A store whose transactions write the rows of new keys afterwards, in bulk: the state of the store, which has all their MACs, is
 * committed first. Nobody else may use the store meanwhile.
 */
export async function bulkStore(store: KeyStore, place: Place): Promise<BulkStore> {
  const { insert, close } = "path" in place ? intoSqlite(place.path) : await intoPostgres(place.url);
  return {
    store: {
      name: store.name,
      open: () => store.open(),
      close: () => store.close(),
      read: (work) => store.read(work),
      claim: (name) => store.claim(name),
      scrub: () => store.scrub(),
      async write(work) {
        const waiting = new Map<Adds, Row[]>();
        const result = await store.write((rows) => work(collecting(rows, waiting)));
        for (const [add, rows] of waiting) await insert(TABLES[add], rows);
        return result;
      },
    },
    [Symbol.asyncDispose]: close,
  };
}

/** The writer, but rows of new keys go to `waiting`. */
function collecting(rows: StoreWriter, waiting: Map<Adds, Row[]>): StoreWriter {
  return new Proxy(rows, {
    get(target, name) {
      if (name in TABLES) {
        return async (row: object) => {
          const add = name as Adds;
          const before = waiting.get(add);
          if (before === undefined) waiting.set(add, [toSql(row) as Row]);
          else before.push(toSql(row) as Row);
          return true;
        };
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(", ");

function intoSqlite(path: string) {
  const database = new LibsqlDatabase(path);
  for (const pragma of ["synchronous = off", "cache_size = -400000"]) database.exec(`pragma ${pragma}`);
  const insert: Insert = async (table, rows) => {
    const columns = Object.keys(rows[0] ?? {});
    const marks = columns.map(() => "?").join(", ");
    const statement = database.prepare(`insert into ${table} (${quoted(columns)}) values (${marks})`);
    database.exec("begin immediate");
    for (const row of rows) statement.run(columns.map((column) => row[column]));
    database.exec("commit");
  };
  return {
    insert,
    close: async () => {
      database.exec("pragma wal_checkpoint(truncate)");
      database.close();
    },
  };
}

async function intoPostgres(url: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const insert: Insert = async (table, rows) => {
    // A column of nulls has no type here, and needs none.
    const columns = Object.keys(rows[0] ?? {}).filter((column) => rows[0]?.[column] !== null);
    const arrays = columns.map((column, index) => `$${index + 1}::${typeOf(rows[0]?.[column])}[]`).join(", ");
    const values = columns.map((column) => rows.map((row) => row[column]));
    await client.query(`insert into ${table} (${quoted(columns)}) select * from unnest(${arrays})`, values);
  };
  return { insert, close: () => client.end() };
}

function typeOf(value: unknown): string {
  if (typeof value === "string") return "text";
  return Buffer.isBuffer(value) ? "bytea" : "bigint";
}
