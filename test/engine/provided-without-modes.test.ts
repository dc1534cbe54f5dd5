import { readFileSync } from "node:fs";
import { aesGcm, aesGcmSiv } from "lanelock";
import { provideEngine } from "lanelock/engine";
import { expect, test } from "vitest";
import { refusal } from "../contract/refusal.ts";

test("an engine that was handed in without its further modes says so each time, and does the rest", () => {
  const file = new URL("../../build/engine.plain.wasm", import.meta.url);
  provideEngine(new WebAssembly.Module(readFileSync(file)));
  for (let again = 0; again < 2; again++) {
    expect(refusal("ERR_WASM", () => aesGcmSiv(new Uint8Array(16))).message).toMatch(
      /provideEngine.*modes\.plain\.wasm/,
    );
  }
  using aead = aesGcm(new Uint8Array(16));
  expect(aead.seal(new Uint8Array(12), new Uint8Array(1))).toHaveLength(17);
});
