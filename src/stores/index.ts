export type { KeyStore } from "../kms/ports/index.ts";
export { memoryStore } from "./memory/memory-store.ts";
export { type SqlStoreOptions, sqlStore } from "./sql-store.ts";
