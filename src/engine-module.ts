/**
 * Hands in a compiled engine, for hosts that forbid compiling WebAssembly from bytes.
 *
 * @module
 */

export { provideEngine } from "./engine/load.ts";
export { LanelockError, type LanelockErrorCode } from "./errors.ts";
