import { LanelockError } from "../errors.ts";
import type { KeyStore } from "../kms/ports/index.ts";
import type { SqlStoreOptions } from "./sql-store.ts";

/** `lanelock/stores` for bundles of pages: the same names, without the databases' packages. */
export type { KeyStore } from "../kms/ports/index.ts";
export { type BrowserRootOptions, browserRoot } from "./indexed-db/browser-root.ts";
export { type IndexedDbStoreOptions, indexedDbStore } from "./indexed-db/indexed-db-store.ts";
export { memoryStore } from "./memory/memory-store.ts";
export type { SqlStoreOptions } from "./sql-store.ts";

/** @throws LanelockError `ERR_UNSUPPORTED`: a page cannot open a database */
export function sqlStore(_options: SqlStoreOptions): KeyStore {
  throw new LanelockError(
    "ERR_UNSUPPORTED",
    "A page cannot open a SQL database. Use indexedDbStore({ name }) or memoryStore().",
  );
}
