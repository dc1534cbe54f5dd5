import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { aesGcm } from "lanelock";
import { provideEngine } from "lanelock/engine";
import { expect, test } from "vitest";
import { engine } from "../../src/engine/load.ts";

// An application that may not compile from bytes hands in the module that its host compiled.

const built = (name: string) => readFileSync(new URL(`../../build/${name}.plain.wasm`, import.meta.url));
const binary = built("engine");
const aes = new WebAssembly.Module(built("aes"));
/** `(module (func (export "io")))` */
const other = Uint8Array.of(
  0,
  97,
  115,
  109,
  1,
  0,
  0,
  0,
  1,
  4,
  1,
  96,
  0,
  0,
  3,
  2,
  1,
  0,
  7,
  6,
  1,
  2,
  105,
  111,
  0,
  0,
  10,
  4,
  1,
  2,
  0,
  11,
);

test("anything but the engine is refused, and the engine is still there to be provided", () => {
  for (const value of [undefined, null, {}, binary, new WebAssembly.Module(other)]) {
    expect(() => provideEngine(value as never)).toThrow(expect.objectContaining({ code: "ERR_ARGUMENT" }));
    if (value === undefined) continue;
    const engine = new WebAssembly.Module(binary);
    for (const name of ["aes", "aesBlocks", "sm4", "aesModes", "sm4Modes"]) {
      expect(() => provideEngine(engine, { [name]: value })).toThrow(
        expect.objectContaining({ code: "ERR_ARGUMENT", message: expect.stringContaining(name) }),
      );
    }
  }
  const engine = new WebAssembly.Module(binary);
  for (const parts of [null, 1, aes, { sm4: aes }, { aess: aes }]) {
    expect(() => provideEngine(engine, parts as never)).toThrow(expect.objectContaining({ code: "ERR_ARGUMENT" }));
  }
});

test("the module that was handed in runs, of another realm too; a running engine is not replaced", () => {
  const foreign = runInNewContext("new WebAssembly.Module(binary)", { binary, WebAssembly }) as WebAssembly.Module;
  provideEngine(foreign, { aes });
  using aead = aesGcm(new Uint8Array(16));
  // NIST's test case 1 of "The Galois/Counter Mode of Operation": the tag of nothing under zeros.
  expect(Buffer.from(aead.seal(new Uint8Array(12), new Uint8Array(0))).toString("hex")).toBe(
    "58e2fccefa7e3061367f1d57a4e7455a",
  );
  expect(engine().build).toBe("provided");
  expect(() => provideEngine(foreign, { aes })).toThrow(expect.objectContaining({ code: "ERR_STATE" }));
});
