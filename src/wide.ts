/**
 * A build of the engine for hosts that pack vector operations.
 *
 * @module
 */
import { checkOptions } from "./engine/arguments.ts";
import { isRunning } from "./engine/load.ts";
import { packs } from "./engine/packs.ts";
import { provided } from "./engine/provided.ts";
import { wideModules } from "./engine/wide.generated.ts";
import { setWide, wide } from "./engine/wide.ts";
import { LanelockError } from "./errors.ts";
import { checkNames } from "./shared/known-names.ts";

export { LanelockError, type LanelockErrorCode } from "./errors.ts";

export interface WideOptions {
  /**
   * In Node: sets V8's flag `--experimental-wasm-revectorize` first, for the whole process and all that is compiled from then on. V8's
   * authors call it experimental. Default: false.
   */
  readonly setFlag?: boolean | undefined;
}

const FLAG = "--experimental-wasm-revectorize";

/** V8 ends with a warning on standard error if it does not know a flag: Node 24 is the first that can pack. */
function setFlag(): void {
  const major = Number.parseInt(globalThis.process?.versions?.node ?? "0", 10);
  if (major >= 24) globalThis.process.getBuiltinModule("node:v8").setFlagsFromString(FLAG);
}

/** Runs once a thread. */
async function probe(): Promise<boolean> {
  const { wideProbe, ...modules } = wideModules;
  const isFaster = await packs(wideProbe).catch(() => false);
  // A first key may have been made meanwhile, or modules provided.
  if (isFaster && !isRunning() && provided === undefined) setWide(modules);
  return wide !== undefined;
}

let probing: Promise<boolean> | undefined;

/**
 * Lets this thread use the engine's wide build, if that is faster here. It does the work of two batches in pairs of operations on 128 bits.
 * V8 packs these into operations on 256 bits, on x86 with AVX2, if it is started with `--experimental-wasm-revectorize` (Node 24
 * and 26; Chromium 156 with `--js-flags=--wasm-revectorize`). Whether this host packs is measured, once a thread: some 2 ms of
 * work, and an eighth of a second of waiting at most.
 *
 * Only messages of 2 KiB and more gain, and results are the same. Worker threads that the envelope starts later follow.
 *
 * @returns whether this thread uses the wide build: false on every other host, and where the application has provided the engine's modules
 * @throws LanelockError `ERR_STATE` if the engine is already running: call this before the first key
 * @example
 * import { useWide } from "lanelock/wide";
 * const isWide = await useWide();
 */
export async function useWide(options: WideOptions = {}): Promise<boolean> {
  checkOptions(options);
  checkNames(options, ["setFlag"], "useWide");
  if (options.setFlag !== undefined && typeof options.setFlag !== "boolean") {
    throw new LanelockError("ERR_ARGUMENT", "setFlag must be true or false");
  }
  if (wide !== undefined) return true;
  if (provided !== undefined) return false;
  if (isRunning()) {
    throw new LanelockError("ERR_STATE", "The engine is already running: call useWide() before the first key");
  }
  if (options.setFlag) setFlag();
  probing ??= probe();
  return probing;
}
