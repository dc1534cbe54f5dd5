import { readFileSync } from "node:fs";
import { aesGcmSiv, managedNonce, xaes256Gcm } from "lanelock";
import { provideEngine } from "lanelock/engine";
import { expect, test } from "vitest";
import { engine } from "../../src/engine/load.ts";

const compiled = (name: string) =>
  new WebAssembly.Module(readFileSync(new URL(`../../build/${name}.plain.wasm`, import.meta.url)));

test("the modules that were handed in run, and nothing is compiled from bytes", () => {
  provideEngine(compiled("engine"), { aes: compiled("aes"), aesModes: compiled("aes-modes") });
  const { Module } = WebAssembly;
  WebAssembly.Module = class extends Module {
    constructor(_: BufferSource) {
      super(new Uint8Array());
      throw new Error("This host compiles nothing");
    }
  } as typeof Module;
  try {
    using aead = aesGcmSiv(Uint8Array.of(1, ...new Uint8Array(15)));
    // RFC 8452, appendix C.1, the first example.
    const tag = aead.seal(Uint8Array.of(3, ...new Uint8Array(11)), new Uint8Array(0));
    expect(Buffer.from(tag).toString("hex")).toBe("dc20e2d83f25705bb49e439eca56de25");
    using box = managedNonce(xaes256Gcm(new Uint8Array(32)));
    expect(box.open(box.seal(tag))).toEqual(tag);
  } finally {
    WebAssembly.Module = Module;
  }
  expect(engine().build).toBe("provided");
});
