import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import binaryen from "binaryen";
import { afterAll, expect, test } from "vitest";
import { modules } from "../../src/engine/engine.generated.ts";
import { unpack } from "../../src/engine/unpack.ts";
import { type Build, builds, builtEngine, compile, projectRoot } from "../constant-time/compile.ts";

// The engine that ships is the one that its sources make, anywhere: byte for byte, as build/engine.lock.json says.

interface Locked {
  readonly size: number;
  readonly sha256: string;
  readonly exports: readonly string[];
}

const lock: Record<string, Locked> = JSON.parse(readFileSync(join(projectRoot, "build/engine.lock.json"), "utf8"));

const elsewhere = mkdtempSync(join(tmpdir(), "lanelock-elsewhere-"));
afterAll(() => rmSync(elsewhere, { recursive: true }));

function shapeOf(code: Uint8Array): { imports: string[]; exports: string[] } {
  const module = binaryen.readBinary(code);
  module.setFeatures(binaryen.Features.All);
  const text = module.emitText();
  module.dispose();
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? "");
  return { imports: all(/^ \(import (.*)/gm), exports: all(/^ \(export "([^"]+)"/gm).sort() };
}

/** Both are rebuilt and compared with the lock before any test (tools/test.mjs); one of them here, both in a long run. */
const elsewhereToo = process.env.LANELOCK_LONG === "1" ? builds : (["relaxed"] as const);

test.each(elsewhereToo)(
  "%s: what is built in another folder is what is locked, built here and shipped",
  async (build) => {
    for (const part of ["assembly", "asconfig.json"])
      cpSync(join(projectRoot, part), join(elsewhere, part), { recursive: true });
    const rebuilt = await compile({ build, root: elsewhere });
    const { size, sha256, exports } = lock[`engine.${build}.wasm`] ?? {};
    expect({ size: rebuilt.length, sha256: createHash("sha256").update(rebuilt).digest("hex") }).toEqual({
      size,
      sha256,
    });
    expect(Buffer.compare(rebuilt, builtEngine(build))).toBe(0);
    expect(Buffer.compare(rebuilt, shipped(build))).toBe(0);
    expect(shapeOf(rebuilt).exports).toEqual(exports);
  },
);

/** The module as the package carries it. */
function shipped(build: Build): Uint8Array {
  return unpack(modules, builds.indexOf(build) === 0 ? 0 : 1);
}

/** The functions that assembly/index.ts exports, which is the ABI and nothing else. */
function abi(): string[] {
  const source = readFileSync(join(projectRoot, "assembly/index.ts"), "utf8");
  return [...source.matchAll(/^export function (\w+)/gm)].map(([, name]) => name ?? "");
}

test.each(builds)("%s: it is locked and shipped, imports nothing, and exports the ABI and its memory only", (build) => {
  const code = builtEngine(build);
  expect(createHash("sha256").update(code).digest("hex")).toBe(lock[`engine.${build}.wasm`]?.sha256);
  expect(Buffer.compare(code, shipped(build))).toBe(0);
  expect(shapeOf(code)).toEqual({ imports: [], exports: [...abi(), "memory"].sort() });
});

test("assembly/index.ts exports functions only, so that the list of them is the ABI", () => {
  const source = readFileSync(join(projectRoot, "assembly/index.ts"), "utf8");
  expect(source.match(/^export (?!function \w+\()/gm)).toBeNull();
  expect(abi().length).toBeGreaterThan(40);
});
