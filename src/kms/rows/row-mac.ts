import { LanelockError } from "../../errors.ts";
import { equalInConstantTime, type Field, toHex } from "../../shared/encoding.ts";
import type { TableName, Tables } from "../ports/index.ts";
import type { StoreKeys } from "../root/store-keys.ts";

export type Table = TableName;
export type RowOf<T extends Table> = Tables[T];
/** A row before its MAC. */
export type Unsealed<T extends Table> = Omit<RowOf<T>, "mac">;

/** The type of a column's values. Whether they may be `null` is not checked: no other value has its encoding in a MAC. */
type TypeOf<Value> = [Value] extends [string | null]
  ? "string"
  : [Value] extends [number | null]
    ? "number"
    : [Value] extends [boolean]
      ? "boolean"
      : "bytes";

type Columns = {
  readonly [T in Table]: { readonly [Column in keyof Unsealed<T>]: TypeOf<Unsealed<T>[Column]> };
};

/** Every column of each table, in the order of its MAC. The type fails to compile if one is missing. */
const COLUMNS: Columns = {
  key: {
    keyId: "string",
    creator: "string",
    createdAt: "number",
    description: "string",
    keySpec: "string",
    keyUsage: "string",
    origin: "string",
    protectionLevel: "string",
    mode: "string",
    state: "string",
    primaryVersionId: "string",
    deleteAt: "number",
    materialExpiresAt: "number",
    lastRotatedAt: "number",
    rotationEnabled: "boolean",
    rotationSeconds: "number",
    deletionProtected: "boolean",
    deletionProtectionDescription: "string",
    materialFingerprint: "bytes",
    seeded: "boolean",
  },
  version: { versionId: "string", keyId: "string", createdAt: "number", ordinal: "number" },
  keyObject: { versionId: "string", mode: "string", handle: "bytes", publicKey: "bytes", custody: "string" },
  alias: { aliasName: "string", keyId: "string", createdAt: "number" },
  tag: { keyId: "string", tagKey: "string", tagValue: "string" },
  importToken: {
    tokenId: "string",
    keyId: "string",
    wrappingKeySpec: "string",
    wrappingAlgorithm: "string",
    handle: "bytes",
    publicKey: "bytes",
    expiresAt: "number",
    failures: "number",
  },
  anchor: { chainId: "string", location: "string", sequence: "number", head: "bytes", length: "number", at: "number" },
  counter: { versionId: "string", mode: "string", count: "number" },
};

/** Every table, in one order that never changes. */
export const TABLES = Object.keys(COLUMNS) as readonly Table[];

/** The columns of a row in the order of its MAC, behind its table's name. */
export function authenticated<T extends Table>(table: T, row: Unsealed<T>): readonly Field[] {
  const columns = Object.keys(COLUMNS[table]) as (keyof Unsealed<T>)[];
  return columns.map((column) => row[column] as Field);
}

/** The row with its MAC. */
export function sealRow<T extends Table>(keys: StoreKeys, table: T, row: Unsealed<T>): RowOf<T> {
  return { ...row, mac: keys.mac(table, authenticated(table, row)) } as RowOf<T>;
}

/** Whether the row is one that these keys authenticated, at any time. */
export function isAuthentic<T extends Table>(keys: StoreKeys, table: T, row: RowOf<T>): boolean {
  const fields = authenticated(table, row);
  if (!isBytes(row.mac) || !haveTheirTypes(fields, COLUMNS[table])) return false;
  return equalInConstantTime(row.mac, keys.mac(table, fields));
}

/**
 * A MAC does not distinguish `false` from `"false"`, nor 5 from `"5"`. A store without types, such as IndexedDB, keeps whatever a script
 * puts there.
 */
function haveTheirTypes(fields: readonly unknown[], columns: Readonly<Record<string, string>>): boolean {
  return Object.values(columns).every((type, index) => {
    const value = fields[index];
    return value === null || (type === "bytes" ? isBytes(value) : typeof value === type);
  });
}

/** Also of another realm. */
function isBytes(value: unknown): value is Uint8Array {
  return Object.prototype.toString.call(value) === "[object Uint8Array]";
}

/** A row's MAC in hex; empty if the store has something else in its place. */
export function macOf({ mac }: { readonly mac: Uint8Array }): string {
  return isBytes(mac) ? toHex(mac) : "";
}

/** Stands for the MAC of a row of metadata, which has no column for one. */
export function metaSeal(keys: StoreKeys, { name, value }: { name: string; value: Uint8Array }): string {
  return toHex(keys.mac("meta", [name, value]));
}

type Named = Readonly<Record<string, unknown>>;

/** How each table names its rows: the columns of its primary key, joined by one space, as `StoreReader.seals` does. */
const PRIMARY_KEYS: Readonly<Record<Table, (row: Named) => string>> = {
  key: (row) => `${row.keyId}`,
  version: (row) => `${row.versionId}`,
  keyObject: (row) => `${row.versionId} ${row.mode}`,
  alias: (row) => `${row.aliasName}`,
  tag: (row) => `${row.keyId} ${row.tagKey}`,
  importToken: (row) => `${row.tokenId}`,
  anchor: (row) => `${row.chainId}`,
  counter: (row) => `${row.versionId} ${row.mode}`,
};

/** The name of a row in the whole store: `alias alias/orders`. */
export function rowName<T extends Table>(table: T, row: Partial<Unsealed<T>>): string {
  return `${table} ${PRIMARY_KEYS[table](row as Named)}`;
}

/** What to do about a store that was changed from outside. */
const ADVICE = 'Stop using it, look with "lanelock verify --store", and restore the store from a backup.';

/** @param problem which row or part it is, and what is wrong with it */
export function notAsLeft(problem: string): LanelockError {
  return new LanelockError("ERR_INTEGRITY", `The database was changed from outside: ${problem}. ${ADVICE}`);
}
