import { LanelockError } from "../../errors.ts";
import { equalInConstantTime, type Field } from "../../shared/encoding.ts";
import type { AliasRow, AuditAnchorRow, ImportTokenRow, KeyObjectRow, KeyRow, VersionRow } from "../ports/index.ts";
import type { StoreKeys } from "../root/store-keys.ts";

/** The tables whose rows carry a MAC. (A tag decides nothing; a counter could only be rolled back, as the whole store could.) */
interface AuthenticatedRows {
  key: KeyRow;
  version: VersionRow;
  keyObject: KeyObjectRow;
  alias: AliasRow;
  importToken: ImportTokenRow;
  anchor: AuditAnchorRow;
}

export type Table = keyof AuthenticatedRows;
export type RowOf<T extends Table> = AuthenticatedRows[T];
/** A row before its MAC. */
export type Unsealed<T extends Table> = Omit<RowOf<T>, "mac">;

type Columns = { readonly [T in Table]: { readonly [Column in keyof Unsealed<T>]: true } };

/** Every column of each table, in the order of its MAC. The type demands that none is forgotten. */
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
};

function macOf<T extends Table>(keys: StoreKeys, table: T, row: Unsealed<T>): Uint8Array {
  const columns = Object.keys(COLUMNS[table]) as (keyof Unsealed<T>)[];
  return keys.mac(
    table,
    columns.map((column) => row[column] as Field),
  );
}

/** The row with its MAC. */
export function sealRow<T extends Table>(keys: StoreKeys, table: T, row: Unsealed<T>): RowOf<T> {
  return { ...row, mac: macOf(keys, table, row) } as RowOf<T>;
}

/** The row, if it is what was written; `ERR_INTEGRITY` otherwise. */
export function checkRow<T extends Table>(keys: StoreKeys, table: T, row: RowOf<T>): RowOf<T> {
  if (equalInConstantTime(row.mac, macOf(keys, table, row))) return row;
  throw new LanelockError(
    "ERR_INTEGRITY",
    `A row of table "${table}" is not what was written there: the database was changed from outside, or the root key of ` +
      "the store was changed while this process had it open.",
  );
}
