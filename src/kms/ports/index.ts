/** The ports: what `kms/` asks of providers and stores. They import this folder and `kms/errors.ts`, nothing else of `kms/`. */

export type * from "../../shared/algorithms.ts";
export type * from "./key-provider.ts";
export type * from "./key-store.ts";
export type * from "./key-transport.ts";
export type * from "./root-key.ts";
export type * from "./rows.ts";
