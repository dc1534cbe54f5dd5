import { LanelockError } from "../errors.ts";
import { compile, instantiate } from "./compile.ts";
import { type EngineExports, modules } from "./engine.generated.ts";
import { provided } from "./provided.ts";
import { unpack } from "./unpack.ts";
import { wide } from "./wide.ts";

/** The engine's first module, with the memory in which all work. Each thread has one, made at first use. */
export interface Engine {
  readonly exports: EngineExports;
  /** Which of the builds runs here, or that the application provided one. */
  readonly build: "plain" | "relaxed" | "wide" | "provided";
  /** The addresses of input and output, and of the nonce. */
  readonly io: number;
  readonly nonce: number;
  /** All of the memory, and its bytes; renewed when it grows. To read `bytes.buffer` takes as long as to make a view of it. */
  buffer: ArrayBuffer;
  bytes: Uint8Array<ArrayBuffer>;
  /** Whether a call has begun and not ended (call.ts). */
  busy: boolean;
}

/** `(module (func (param v128) (result v128) local.get 0, local.get 0, i8x16.relaxed_swizzle))`: valid where relaxed SIMD is. */
const relaxedProbe = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 123, 1, 123, 3, 2, 1, 0, 10, 11, 1, 9, 0, 32, 0, 32, 0, 253, 128, 2, 11,
];

function ownBuild(): Engine["build"] {
  if (provided !== undefined) return "provided";
  if (wide !== undefined) return "wide";
  return hasRelaxedSimd() ? "relaxed" : "plain";
}

function codeOf(build: Engine["build"]): Uint8Array<ArrayBuffer> {
  return build === "wide" && wide !== undefined ? unpack(wide.engine, 0) : unpack(modules, build === "relaxed" ? 1 : 0);
}

function load(): Engine {
  if (typeof WebAssembly === "undefined") {
    throw new LanelockError(
      "ERR_WASM",
      "This host has no WebAssembly, which lanelock needs: use one that has it (V8 has none with --jitless)",
    );
  }
  const build = ownBuild();
  const exports = instantiate<EngineExports>(provided?.engine ?? compile(codeOf(build)));
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

/** Whether this host has relaxed SIMD. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(new Uint8Array(relaxedProbe));
}

/** Whether the engine has been loaded. */
export function isRunning(): boolean {
  return instance !== undefined;
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
