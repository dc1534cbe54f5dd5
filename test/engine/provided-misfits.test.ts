import { readFileSync } from "node:fs";
import { aesGcm, aesGcmSiv, sm4Gcm } from "lanelock";
import { provideEngine } from "lanelock/engine";
import { expect, test } from "vitest";
import { refusal } from "../contract/refusal.ts";

// Modules that pass for the engine's, but are of another version, or by somebody else.

const built = (name: string) => readFileSync(new URL(`../../build/${name}.plain.wasm`, import.meta.url));
const compiled = (name: string) => new WebAssembly.Module(built(name));

/** A module that imports what no engine has. */
function withOtherImport(name: string, from: string, to: string): WebAssembly.Module {
  const code = built(name);
  const at = code.indexOf(from);
  expect(at).toBeGreaterThan(0);
  code.write(to, at);
  return new WebAssembly.Module(code);
}

test("modules that do not fit each other are named as the cause, not a lack of memory", () => {
  const imported = WebAssembly.Module.imports(compiled("aes-modes")).find(({ module }) => module === "aes");
  const name = imported?.name ?? "";
  expect(name).not.toBe("");
  provideEngine(compiled("engine"), {
    aes: compiled("aes"),
    aesModes: withOtherImport("aes-modes", name, `x${name.slice(1)}`),
    sm4: withOtherImport("sm4", "memory", "memorx"),
  });
  for (const use of [() => aesGcmSiv(new Uint8Array(16)), () => sm4Gcm(new Uint8Array(16))]) {
    for (let again = 0; again < 2; again++) expect(refusal("ERR_WASM", use).message).toContain("do not fit each other");
  }
  using aead = aesGcm(new Uint8Array(16));
  expect(aead.seal(new Uint8Array(12), new Uint8Array(1))).toHaveLength(17);
});
