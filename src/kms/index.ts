export { KmsError, type KmsErrorCode } from "./errors.ts";
export type * from "./ports/index.ts";
