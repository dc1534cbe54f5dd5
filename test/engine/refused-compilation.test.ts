import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { beforeAll, expect, test } from "vitest";

// The package as a page would load it, in hosts that cannot run the engine: V8 refuses to compile WebAssembly where code
// generation is forbidden, as it does on a page whose Content-Security-Policy has no 'wasm-unsafe-eval'.

let bundle = "";

beforeAll(async () => {
  const result = await build({
    entryPoints: [fileURLToPath(new URL("../../src/index.ts", import.meta.url))],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "lanelock",
    platform: "browser",
    target: "es2023",
  });
  bundle = result.outputFiles[0]?.text ?? "";
  expect(bundle).not.toBe("");
});

interface Host {
  readonly wasm: boolean;
  /** Code that takes something away from the host. */
  readonly before?: string;
}

/** Seals one byte in a host of its own, and gives the length of what comes out or the error. */
function sealIn({ wasm, before = "" }: Host): unknown {
  const context = createContext({}, { codeGeneration: { strings: false, wasm } });
  runInContext(`${before};${bundle}; globalThis.lanelock = lanelock;`, context);
  const attempt = `
    (() => {
      try {
        return lanelock.aesGcm(new Uint8Array(16)).seal(new Uint8Array(12), new Uint8Array(1)).length;
      } catch (error) {
        return { typed: error instanceof lanelock.LanelockError, code: error.code, message: error.message };
      }
    })()`;
  const first = runInContext(attempt, context);
  expect(runInContext(attempt, context), "the second attempt").toEqual(first);
  return first;
}

test("a host that allows WebAssembly seals", () => {
  expect(sealIn({ wasm: true })).toBe(17);
});

test("where a policy forbids compilation, the error names the policy to change", () => {
  const message = expect.stringContaining("'wasm-unsafe-eval'");
  expect(sealIn({ wasm: false })).toEqual({ typed: true, code: "ERR_WASM", message });
});

test("without WebAssembly, or without its SIMD, the error says so", () => {
  const none = sealIn({ wasm: true, before: "delete globalThis.WebAssembly" });
  expect(none).toEqual({ typed: true, code: "ERR_WASM", message: expect.stringContaining("no WebAssembly") });
  const old = sealIn({ wasm: true, before: "WebAssembly.validate = () => false" });
  expect(old).toEqual({ typed: true, code: "ERR_WASM", message: expect.stringContaining("SIMD") });
});

test("a host that fails once and then can is used: nothing of the failure is kept", () => {
  const context = createContext({});
  runInContext(`${bundle}; globalThis.lanelock = lanelock;`, context);
  const before =
    "const Instance = WebAssembly.Instance; let left = 2; class Failing { constructor(...given) { if (left-- > 0) throw new RangeError('WebAssembly.Instance(): Out of memory'); return new Instance(...given); } } WebAssembly.Instance = Failing;";
  const attempt = `(() => { try { return lanelock.aesGcm(new Uint8Array(16)).seal(new Uint8Array(12), new Uint8Array(1)).length; } catch (error) { return error.code + " " + error.message; } })()`;
  runInContext(before, context);
  for (let round = 0; round < 2; round += 1) expect(runInContext(attempt, context)).toMatch(/^ERR_WASM .*ulimit -v/);
  expect(runInContext(attempt, context)).toBe(17);
});

test("a host with none of the web's globals, and no FinalizationRegistry, seals", () => {
  expect(sealIn({ wasm: true, before: "delete globalThis.FinalizationRegistry" })).toBe(17);
});
