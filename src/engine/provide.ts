import { LanelockError } from "../errors.ts";
import { checkNames } from "../shared/known-names.ts";
import { checkOptions } from "./arguments.ts";
import { isRunning } from "./load.ts";
import { type EngineParts, filesOf, type PartName, setProvided } from "./provided.ts";

/** An export by which each part is known. */
const known: Readonly<Record<PartName, string>> = {
  aes: "aesGcmSeal",
  aesBlocks: "aesCbcDecrypt",
  sm4: "sm4GcmSeal",
  aesModes: "aesGcmSivSeal",
  sm4Modes: "sm4CcmStart",
};

/**
 * Provides the engine as modules that the host has compiled, for hosts that forbid compiling from bytes, such as workerd. The package
 * exports two builds of each, as `lanelock/engine.plain.wasm` and so on, and as `lanelock/engine.relaxed.wasm` and so on, which need
 * relaxed SIMD. Take them from the same version of the package.
 *
 * @param module the engine's first module, compiled: its memory
 * @param parts the modules of the ciphers that the program uses, compiled; without one, what needs it throws `ERR_WASM`
 * @throws LanelockError `ERR_ARGUMENT` for any other value; `ERR_STATE` if the engine is already running
 * @example
 * import aes from "lanelock/aes.plain.wasm";
 * import module from "lanelock/engine.plain.wasm";
 * import { provideEngine } from "lanelock/engine";
 * provideEngine(module, { aes });
 */
export function provideEngine(module: WebAssembly.Module, parts: EngineParts = {}): void {
  if (!hasExports(module, ["memory", "io", "ioSize", "nonce", "slotsStart"], 0)) {
    throw new LanelockError("ERR_ARGUMENT", `module must be a WebAssembly.Module: ${filesOf("engine")}`);
  }
  checkOptions(parts);
  if (hasExports(parts, [], Number.POSITIVE_INFINITY)) {
    throw new LanelockError(
      "ERR_ARGUMENT",
      "parts must be an object of modules by name, such as { aes }, not a module",
    );
  }
  const names = Object.keys(known) as PartName[];
  checkNames(parts, names, "provideEngine");
  // Read once: what was checked is what runs.
  const given: EngineParts = { ...parts };
  for (const name of names) {
    const part = given[name];
    if (part === undefined || hasExports(part, [known[name]], 99)) continue;
    throw new LanelockError("ERR_ARGUMENT", `${name} must be a WebAssembly.Module: ${filesOf(name)}`);
  }
  if (isRunning())
    throw new LanelockError("ERR_STATE", "The engine is already running: provide it before the first key");
  setProvided({ engine: module, ...given });
}

/** Whether a value is a module (of any realm) that has these exports and at most so many imports. */
function hasExports(value: object, names: readonly string[], imports: number): boolean {
  try {
    const module = value as WebAssembly.Module;
    if (WebAssembly.Module.imports(module).length > imports) return false;
    const exported = WebAssembly.Module.exports(module).map(({ name }) => name);
    return names.every((name) => exported.includes(name));
  } catch {
    return false;
  }
}
