import { LanelockError } from "../../errors.ts";
import { equalInConstantTime, type Field, toHex } from "../../shared/encoding.ts";
import type { TableName, Tables } from "../ports/index.ts";
import type { StoreKeys } from "../root/store-keys.ts";

export type Table = TableName;
export type RowOf<T extends Table> = Tables[T];
/** A row before its MAC. */
export type Unsealed<T extends Table> = Omit<RowOf<T>, "mac">;

type Columns = { readonly [T in Table]: { readonly [Column in keyof Unsealed<T>]: true } };

/** Every column of each table, in the order of its MAC. The type fails to compile if one is missing. */
const COLUMNS: Columns = {
  key: {
    keyId: true,
    creator: true,
    createdAt: true,
    description: true,
    keySpec: true,
    keyUsage: true,
    origin: true,
    protectionLevel: true,
    mode: true,
    state: true,
    primaryVersionId: true,
    deleteAt: true,
    materialExpiresAt: true,
    lastRotatedAt: true,
    rotationEnabled: true,
    rotationSeconds: true,
    deletionProtected: true,
    deletionProtectionDescription: true,
    materialFingerprint: true,
    seeded: true,
  },
  version: { versionId: true, keyId: true, createdAt: true, ordinal: true },
  keyObject: { versionId: true, mode: true, handle: true, publicKey: true, custody: true },
  alias: { aliasName: true, keyId: true, createdAt: true },
  tag: { keyId: true, tagKey: true, tagValue: true },
  importToken: {
    tokenId: true,
    keyId: true,
    wrappingKeySpec: true,
    wrappingAlgorithm: true,
    handle: true,
    publicKey: true,
    expiresAt: true,
    failures: true,
  },
  anchor: { chainId: true, location: true, sequence: true, head: true, length: true, at: true },
  counter: { versionId: true, mode: true, count: true },
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
  return equalInConstantTime(row.mac, keys.mac(table, authenticated(table, row)));
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
