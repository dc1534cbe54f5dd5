import { readFileSync } from "node:fs";
import { aesGcm, aesGcmSiv, sm4Ccm, sm4Gcm } from "lanelock";
import { provideEngine } from "lanelock/engine";
import { aesCbc, aesCtr } from "lanelock/unauthenticated";
import { expect, test } from "vitest";
import { refusal } from "../contract/refusal.ts";

const compiled = (name: string) =>
  new WebAssembly.Module(readFileSync(new URL(`../../build/${name}.plain.wasm`, import.meta.url)));

test("an engine that was handed in without a module names it each time that it is needed, and does the rest", () => {
  provideEngine(compiled("engine"), { aes: compiled("aes"), sm4Modes: compiled("sm4-modes") });
  const missing: readonly [string, () => unknown, string][] = [
    ["aesModes", () => aesGcmSiv(new Uint8Array(16)), "aes-modes"],
    ["aesBlocks", () => aesCbc(new Uint8Array(16)), "aes-blocks"],
    ["sm4", () => sm4Gcm(new Uint8Array(16)), "sm4"],
    ["sm4", () => sm4Ccm(new Uint8Array(16)), "sm4"],
  ];
  for (let again = 0; again < 2; again++) {
    for (const [name, use, file] of missing) {
      const { message } = refusal("ERR_WASM", use);
      expect(message).toContain(`provided without { ${name} }: give provideEngine`);
      expect(message).toContain(`lanelock/${file}.plain.wasm or lanelock/${file}.relaxed.wasm`);
    }
  }
  using aead = aesGcm(new Uint8Array(16));
  expect(aead.seal(new Uint8Array(12), new Uint8Array(1))).toHaveLength(17);
  using ctr = aesCtr(new Uint8Array(16));
  expect(ctr.encrypt(new Uint8Array(16), new Uint8Array(1))).toHaveLength(1);
});
