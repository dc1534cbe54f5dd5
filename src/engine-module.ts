/**
 * Hands in a compiled engine, for hosts that forbid compiling WebAssembly from bytes.
 *
 * @module
 */

export { provideEngine } from "./engine/provide.ts";
export type { EngineParts } from "./engine/provided.ts";
export { LanelockError, type LanelockErrorCode } from "./errors.ts";
