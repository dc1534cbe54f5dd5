import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { engine } from "../../src/engine/load.ts";
import { wideParts, wideProbe } from "../../tools/engine-parts.mjs";
import { builds, parts } from "../constant-time/compile.ts";

/** `(module (func (param v128 v128) (result v128) local.get 0 local.get 1 i8x16.relaxed_swizzle))`, by hand. */
const relaxedSwizzle = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x07, 0x01, 0x60, 0x02, 0x7b, 0x7b, 0x01, 0x7b],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x0a, 0x0b, 0x01, 0x09, 0x00, 0x20, 0x00, 0x20, 0x01, 0xfd, 0x80, 0x02, 0x0b],
);

const hasRelaxedSimd = WebAssembly.validate(relaxedSwizzle);
const expected = process.env.LANELOCK_TEST_BUILD ?? (hasRelaxedSimd ? "relaxed" : "plain");

// suites-in-node-24.ts looks for this name in the report of its child.
test(`this run exercises the ${expected} build`, () => {
  expect(engine().build).toBe(expected);
});

test("Node 20 has no relaxed SIMD and so exercises the plain build; from Node 22 on it is the relaxed one", () => {
  const major = Number(process.versions.node.split(".")[0]);
  expect(engine().build === "plain").toBe(major < 22);
});

const folder = new URL("../../build/", import.meta.url);
const built = (part: string, build: string) => readFileSync(new URL(`${part}.${build}.wasm`, folder));

test.each(parts)(
  "both builds of $name are those of the lock file, and only a relaxed one needs relaxed SIMD",
  ({ name }) => {
    const lock = JSON.parse(readFileSync(new URL("engine.lock.json", folder), "utf8"));
    for (const build of builds) {
      const { size, sha256 } = lock[`${name}.${build}.wasm`];
      const code = built(name, build);
      expect({ size: code.length, sha256: createHash("sha256").update(code).digest("hex") }).toEqual({ size, sha256 });
    }
    expect(WebAssembly.validate(built(name, "plain"))).toBe(true);
    const isVector = built(name, "plain").compare(built(name, "relaxed")) !== 0;
    expect(WebAssembly.validate(built(name, "relaxed"))).toBe(hasRelaxedSimd || !isVector);
    expect(isVector).toBe(!["engine", "sm4-modes"].includes(name));
  },
);

test("the wide build is that of the lock file, and needs relaxed SIMD where it has vectors", () => {
  const lock = JSON.parse(readFileSync(new URL("engine.lock.json", folder), "utf8"));
  for (const { name } of [...wideParts, wideProbe]) {
    const { size, sha256 } = lock[`${name}.wide.wasm`];
    const code = built(name, "wide");
    expect({ size: code.length, sha256: createHash("sha256").update(code).digest("hex") }).toEqual({ size, sha256 });
    if (hasRelaxedSimd) expect(WebAssembly.validate(code)).toBe(true);
  }
});

test.each(wideParts)("the wide build of $name has the exports of the relaxed one", ({ name }) => {
  const lock = JSON.parse(readFileSync(new URL("engine.lock.json", folder), "utf8"));
  expect(lock[`${name}.wide.wasm`].exports).toEqual(lock[`${name}.relaxed.wasm`].exports);
});

test("the engine imports nothing, and exports what its build exports", () => {
  const module = new WebAssembly.Module(built("engine", engine().build));
  expect(WebAssembly.Module.imports(module)).toEqual([]);
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  expect(Object.keys(engine().exports).sort()).toEqual(names.sort());
});
