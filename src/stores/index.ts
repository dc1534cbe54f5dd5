export type { KeyStore } from "../kms/ports/index.ts";
export { type BrowserRootOptions, browserRoot } from "./indexed-db/browser-root.ts";
export { type IndexedDbStoreOptions, indexedDbStore } from "./indexed-db/indexed-db-store.ts";
export { memoryStore } from "./memory/memory-store.ts";
export { type SqlStoreOptions, sqlStore } from "./sql-store.ts";
