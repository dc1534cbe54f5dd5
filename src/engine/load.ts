import { LanelockError } from "../errors.ts";
import { type EngineExports, modules } from "./engine.generated.ts";
import { unpack } from "./unpack.ts";

/** The engine's instance with its memory. Each thread has one, made at first use. */
export interface Engine {
  readonly exports: EngineExports;
  /** Which of the two builds runs here, or that the application provided one. */
  readonly build: "plain" | "relaxed" | "provided";
  /** The addresses of input and output, and of the nonce. */
  readonly io: number;
  readonly nonce: number;
  /** All of the memory; renewed when it grows. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Whether a call has begun and not ended (call.ts). */
  busy: boolean;
}

/** `(module (func (result v128) v128.const 0, v128.const 0, i8x16.relaxed_swizzle))`: valid where relaxed SIMD is. */
const relaxedProbe = [
  [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 43, 1, 41, 0],
  [253, 12, ...new Array<number>(16).fill(0), 253, 12, ...new Array<number>(16).fill(0), 253, 128, 2, 11],
].flat();

function compile(code: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  if (!WebAssembly.validate(code)) {
    throw new LanelockError("ERR_WASM", "This host has no WebAssembly SIMD, which lanelock needs: use a newer one");
  }
  try {
    return new WebAssembly.Module(code);
  } catch (cause) {
    throw new LanelockError(
      "ERR_WASM",
      "The host refused to compile WebAssembly. On a page, its Content-Security-Policy needs script-src 'wasm-unsafe-eval'",
      { cause },
    );
  }
}

function instantiate(module: WebAssembly.Module): EngineExports {
  try {
    return new WebAssembly.Instance(module).exports as { [name: string]: unknown } & EngineExports;
  } catch (cause) {
    throw new LanelockError(
      "ERR_WASM",
      "The host has no memory for the engine. V8 reserves 10 GiB of addresses for it, most of which are never used: " +
        "raise the limit on address space (ulimit -v), or dispose of other WebAssembly instances",
      { cause },
    );
  }
}

function load(): Engine {
  if (typeof WebAssembly === "undefined") {
    throw new LanelockError(
      "ERR_WASM",
      "This host has no WebAssembly, which lanelock needs: use one that has it (V8 has none with --jitless)",
    );
  }
  const own = WebAssembly.validate(new Uint8Array(relaxedProbe)) ? "relaxed" : "plain";
  const exports = instantiate(provided ?? compile(unpack(modules, own === "relaxed" ? 1 : 0)));
  const build = provided ? "provided" : own;
  const bytes = new Uint8Array(exports.memory.buffer);
  return { exports, build, io: exports.io(), nonce: exports.nonce(), bytes, busy: false };
}

let instance: Engine | undefined;
let provided: WebAssembly.Module | undefined;

/**
 * Provides the engine as a module that the host has compiled, for hosts that forbid compiling from bytes, such as workerd. The package
 * exports the two builds as `lanelock/engine.plain.wasm` and `lanelock/engine.relaxed.wasm`; the second needs relaxed SIMD. Take them
 * from the same version of the package.
 *
 * @param module one of the two, compiled
 * @throws LanelockError `ERR_ARGUMENT` for any other value; `ERR_STATE` if the engine is already running
 * @example
 * import module from "lanelock/engine.plain.wasm";
 * import { provideEngine } from "lanelock/engine";
 * provideEngine(module);
 */
export function provideEngine(module: WebAssembly.Module): void {
  const names = exportsOf(module);
  if (!["memory", "io", "ioSize", "nonce", "slotsStart"].every((name) => names.includes(name))) {
    const wanted = "lanelock/engine.plain.wasm or lanelock/engine.relaxed.wasm, compiled by the host";
    throw new LanelockError("ERR_ARGUMENT", `module must be a WebAssembly.Module: ${wanted}`);
  }
  if (instance) throw new LanelockError("ERR_STATE", "The engine is already running: provide it before the first key");
  provided = module;
}

/** The names that a module exports. Empty if it is not a module (of any realm), or if it needs imports, which the engine does not. */
function exportsOf(module: WebAssembly.Module): readonly string[] {
  try {
    if (WebAssembly.Module.imports(module).length > 0) return [];
    return WebAssembly.Module.exports(module).map(({ name }) => name);
  } catch {
    return [];
  }
}

/**
 * The engine of this thread. If the host cannot run it, the next call tries again.
 *
 * @throws LanelockError `ERR_WASM` if the host cannot run it
 */
export function engine(): Engine {
  instance ??= load();
  return instance;
}
