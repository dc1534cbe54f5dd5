import type { TableName } from "../../kms/ports/index.ts";

/**
 * Rows are kept as they are, by their primary keys. Version 1 is what `indexedDB.open(name)` makes without any object store, as a
 * console does; such a database counts as new.
 */
export const SCHEMA_VERSION = 2;

export const META = "meta";
/** Ids that are remembered for a while: `{ id, until }`. */
export const IDS = "id";
export const UNTIL = "until";

/** Object stores of the KMS's tables by the tables' names, with the columns of their primary keys. */
export const PRIMARY_KEYS: Readonly<Record<TableName, readonly string[]>> = {
  ...{ key: ["keyId"], version: ["versionId"], keyObject: ["versionId", "mode"], alias: ["aliasName"] },
  ...{ tag: ["keyId", "tagKey"], importToken: ["tokenId"], anchor: ["chainId"], counter: ["versionId", "mode"] },
};

/** The object stores of a transaction on rows. */
export const ROWS: readonly string[] = [META, ...Object.keys(PRIMARY_KEYS)];
export const STORES: readonly string[] = [...ROWS, IDS];

/** Rows of one key, in the tables that do not begin their primary key with it. */
export const BY_KEY = "keyId";
export const BY_FINGERPRINT = "materialFingerprint";
export const BY_AGE = "age";

const INDEXES: readonly (readonly [store: string, name: string, path: string | string[]])[] = [
  ["key", BY_FINGERPRINT, "materialFingerprint"],
  ["key", BY_AGE, ["createdAt", "keyId"]],
  ["version", BY_KEY, "keyId"],
  ["alias", BY_KEY, "keyId"],
  ["importToken", BY_KEY, "keyId"],
  [IDS, UNTIL, "until"],
];

export function makeStores(database: IDBDatabase): void {
  const made = new Map([[META, database.createObjectStore(META, { keyPath: "name" })]]);
  for (const [table, columns] of Object.entries(PRIMARY_KEYS)) {
    const [only = ""] = columns;
    const keyPath = columns.length === 1 ? only : [...columns];
    made.set(table, database.createObjectStore(table, { keyPath }));
  }
  made.set(IDS, database.createObjectStore(IDS, { keyPath: "id" }));
  for (const [store, name, path] of INDEXES) made.get(store)?.createIndex(name, path);
}
