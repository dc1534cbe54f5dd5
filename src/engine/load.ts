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
  /** All of the memory, and its bytes; renewed when it grows. To read `bytes.buffer` takes as long as to make a view of it. */
  buffer: ArrayBuffer;
  bytes: Uint8Array<ArrayBuffer>;
  /** Whether a call has begun and not ended (call.ts). */
  busy: boolean;
}

/** `(module (func (result v128) v128.const 0, v128.const 0, i8x16.relaxed_swizzle))`: valid where relaxed SIMD is. */
const relaxedProbe = [
  [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 43, 1, 41, 0],
  [253, 12, ...new Array<number>(16).fill(0), 253, 12, ...new Array<number>(16).fill(0), 253, 128, 2, 11],
].flat();

/** @throws LanelockError `ERR_WASM` if the host has no SIMD or forbids it */
export function compile(code: Uint8Array<ArrayBuffer>): WebAssembly.Module {
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

/** @throws LanelockError `ERR_WASM` if the host has no addresses left */
export function instantiate<Exports>(module: WebAssembly.Module, imports?: WebAssembly.Imports): Exports {
  try {
    return new WebAssembly.Instance(module, imports).exports as { [name: string]: unknown } & Exports;
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
  const exports = instantiate<EngineExports>(provided ?? compile(unpack(modules, own === "relaxed" ? 1 : 0)));
  const build = provided ? "provided" : own;
  const { buffer } = exports.memory;
  return {
    exports,
    build,
    io: exports.io(),
    nonce: exports.nonce(),
    buffer,
    bytes: new Uint8Array(buffer),
    busy: false,
  };
}

/** Renews the views of the memory, which has grown. The last step is the one by which an interruption is noticed. */
export function renewViews(host: Engine): void {
  host.buffer = host.exports.memory.buffer;
  host.bytes = new Uint8Array(host.buffer);
}

let instance: Engine | undefined;
let provided: WebAssembly.Module | undefined;
let providedModes: WebAssembly.Module | undefined;

/**
 * Provides the engine as modules that the host has compiled, for hosts that forbid compiling from bytes, such as workerd. The package
 * exports two builds of each, as `lanelock/engine.plain.wasm` and `lanelock/modes.plain.wasm`, and as `lanelock/engine.relaxed.wasm`
 * and `lanelock/modes.relaxed.wasm`, which need relaxed SIMD. Take them from the same version of the package.
 *
 * @param module the engine, compiled
 * @param modes the further modes, compiled: every mode but GCM, CBC, ECB and CTR needs them
 * @throws LanelockError `ERR_ARGUMENT` for any other value; `ERR_STATE` if the engine is already running
 * @example
 * import module from "lanelock/engine.plain.wasm";
 * import { provideEngine } from "lanelock/engine";
 * provideEngine(module);
 */
export function provideEngine(module: WebAssembly.Module, modes?: WebAssembly.Module): void {
  if (!hasExports(module, ["memory", "io", "ioSize", "nonce", "slotsStart"], 0)) {
    const wanted = "lanelock/engine.plain.wasm or lanelock/engine.relaxed.wasm, compiled by the host";
    throw new LanelockError("ERR_ARGUMENT", `module must be a WebAssembly.Module: ${wanted}`);
  }
  if (modes !== undefined && !hasExports(modes, ["aesGcmSivSeal"], 99)) {
    const wanted = "lanelock/modes.plain.wasm or lanelock/modes.relaxed.wasm, compiled by the host";
    throw new LanelockError("ERR_ARGUMENT", `modes must be a WebAssembly.Module: ${wanted}`);
  }
  if (instance) throw new LanelockError("ERR_STATE", "The engine is already running: provide it before the first key");
  provided = module;
  providedModes = modes;
}

/** The module of further modes that the application has provided, if it has. */
export function modesProvided(): WebAssembly.Module | undefined {
  return providedModes;
}

/** Whether a value is a module (of any realm) that has these exports and at most so many imports. */
function hasExports(module: WebAssembly.Module, names: readonly string[], imports: number): boolean {
  try {
    if (WebAssembly.Module.imports(module).length > imports) return false;
    const exported = WebAssembly.Module.exports(module).map(({ name }) => name);
    return names.every((name) => exported.includes(name));
  } catch {
    return false;
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
