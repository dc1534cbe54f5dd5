import { LanelockError } from "../errors.ts";
import { chunks, type EngineExports } from "./engine.generated.ts";

/** One instance of the engine with its memory. A thread has one; it is made at first use. */
export interface Engine {
  readonly exports: EngineExports;
  /** Which of the two builds runs here. */
  readonly build: "plain" | "relaxed";
  /** Where its input and output stands, and where a nonce goes. */
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

function digit(code: number): number {
  return (code & 15) + (code > 57 ? 9 : 0);
}

/** The module of one build: 0, the plain one, or 1, the relaxed one. */
function decode(build: 0 | 1): Uint8Array<ArrayBuffer> {
  const hex = chunks.map((chunk) => chunk[build]).join("");
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = digit(hex.charCodeAt(2 * i)) * 16 + digit(hex.charCodeAt(2 * i + 1));
  return bytes;
}

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
  const build = WebAssembly.validate(new Uint8Array(relaxedProbe)) ? "relaxed" : "plain";
  const exports = instantiate(compile(decode(build === "relaxed" ? 1 : 0)));
  const bytes = new Uint8Array(exports.memory.buffer);
  return { exports, build, io: exports.io(), nonce: exports.nonce(), bytes, busy: false };
}

let instance: Engine | undefined;

/**
 * The engine of this thread. A host that could not run it is asked again at the next call.
 *
 * @throws LanelockError `ERR_WASM` if the host cannot run it
 */
export function engine(): Engine {
  instance ??= load();
  return instance;
}
