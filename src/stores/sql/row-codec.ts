/** Columns that are booleans in a row and 0 or 1 in SQL. */
const BOOLEANS: ReadonlySet<string> = new Set(["rotationEnabled", "deletionProtected", "seeded"]);
/** Columns that PostgreSQL's driver returns as text, because they are 64 bits wide. Every value fits a double. */
const INTEGERS: ReadonlySet<string> = new Set([
  ...["createdAt", "deleteAt", "materialExpiresAt", "lastRotatedAt", "rotationSeconds"],
  ...["ordinal", "expiresAt", "failures", "sequence", "length", "at", "count"],
]);

/** A row as SQL holds it. */
export type Stored<Row> = { [Column in keyof Row]: Row[Column] extends boolean ? number : Row[Column] };

/** A row as the drivers take it. */
export function toSql<Row extends object>(row: Row): Stored<Row> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, toSqlValue(value)])) as Stored<Row>;
}

export function toSqlValue(value: unknown): unknown {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return value;
}

/** Converts a row from the drivers' types to those of the ports. */
export function fromSql<Row extends object>(stored: Stored<Row>): Row {
  return Object.fromEntries(Object.entries(stored).map(([name, value]) => [name, fromSqlValue(name, value)])) as Row;
}

function fromSqlValue(name: string, value: unknown): unknown {
  if (value === null) return null;
  if (BOOLEANS.has(name)) return Number(value) === 1;
  if (INTEGERS.has(name)) return Number(value);
  return isBytes(value) ? bytesFromSql(value) : value;
}

/** Accepts any realm: under jest, the drivers run in another one than the tests. */
function isBytes(value: unknown): value is ArrayBuffer | Uint8Array {
  return ArrayBuffer.isView(value) || Object.prototype.toString.call(value) === "[object ArrayBuffer]";
}

/** libsql gives an `ArrayBuffer`, pg a `Buffer` on shared memory. */
export function bytesFromSql(value: ArrayBuffer | Uint8Array): Uint8Array {
  return ArrayBuffer.isView(value) ? Uint8Array.from(value) : new Uint8Array(value);
}
