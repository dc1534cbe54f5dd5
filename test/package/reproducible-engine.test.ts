import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import binaryen from "binaryen";
import { afterAll, expect, test } from "vitest";
import { modules as engine } from "../../src/engine/engine.generated.ts";
import { modules as modes } from "../../src/engine/modes.generated.ts";
import { unpack } from "../../src/engine/unpack.ts";
import {
  type Build,
  builds,
  builtEngine,
  compile,
  configs,
  type Part,
  parts,
  projectRoot,
} from "../constant-time/compile.ts";

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

test.each(elsewhereToo.flatMap((build) => parts.map((part) => ({ part, build }))))(
  "$part, $build: what is built in another folder is what is locked, built here and shipped",
  async ({ part, build }) => {
    for (const source of ["assembly", configs[part]])
      cpSync(join(projectRoot, source), join(elsewhere, source), { recursive: true });
    const rebuilt = await compile({ build, root: elsewhere, part });
    const { size, sha256, exports } = lock[`${part}.${build}.wasm`] ?? {};
    expect({ size: rebuilt.length, sha256: createHash("sha256").update(rebuilt).digest("hex") }).toEqual({
      size,
      sha256,
    });
    expect(Buffer.compare(rebuilt, builtEngine(build, part))).toBe(0);
    expect(Buffer.compare(rebuilt, shipped(build, part))).toBe(0);
    expect(shapeOf(rebuilt).exports).toEqual(exports);
  },
);

/** The module as the package carries it. */
function shipped(build: Build, part: Part): Uint8Array {
  return unpack({ engine, modes }[part], builds.indexOf(build) === 0 ? 0 : 1);
}

const sources = { engine: "assembly/index.ts", modes: "assembly/modes.ts" } as const;

/** The functions that a part's entry exports, which is the ABI and nothing else. */
function abi(part: Part): string[] {
  const source = readFileSync(join(projectRoot, sources[part]), "utf8");
  return [...source.matchAll(/^export function (\w+)/gm)].map(([, name]) => name ?? "");
}

test.each(builds)("%s: it is locked and shipped, imports nothing, and exports the ABI and its memory only", (build) => {
  const code = builtEngine(build);
  expect(createHash("sha256").update(code).digest("hex")).toBe(lock[`engine.${build}.wasm`]?.sha256);
  expect(Buffer.compare(code, shipped(build, "engine"))).toBe(0);
  expect(shapeOf(code)).toEqual({ imports: [], exports: [...abi("engine"), "memory"].sort() });
});

test.each(builds)(
  "%s: the further modes are locked and shipped, and import the first module's exports only",
  (build) => {
    const code = builtEngine(build, "modes");
    expect(createHash("sha256").update(code).digest("hex")).toBe(lock[`modes.${build}.wasm`]?.sha256);
    expect(Buffer.compare(code, shipped(build, "modes"))).toBe(0);
    const { imports, exports } = shapeOf(code);
    expect(exports).toEqual(abi("modes").sort());
    const names = imports.map((line) => /^"env" "(\w+)" \((func|memory) /.exec(line)?.[1] ?? line);
    expect(names).toContain("memory");
    expect(names.filter((name) => ![...abi("engine"), "memory"].includes(name))).toEqual([]);
  },
);

/** Where the constants of a module stand: [from, to) of each segment. */
function constants(code: Uint8Array): [number, number][] {
  const module = binaryen.readBinary(code);
  module.setFeatures(binaryen.Features.All);
  const segments = module.emitText().matchAll(/^ \(data \S+ \(i32\.const (\d+)\) "(.*)"\)$/gm);
  module.dispose();
  const size = (text: string) => text.replace(/\\([0-9a-f]{2}|.)/g, ".").length;
  return [...segments].map(([, at, text]) => [Number(at), Number(at) + size(text ?? "")]);
}

test.each(builds)("%s: the constants of the two modules stand apart, and below all that is written", (build) => {
  const [first, second] = [constants(builtEngine(build)), constants(builtEngine(build, "modes"))];
  expect(first.length).toBeGreaterThan(3);
  expect(Math.max(...first.map(([, to]) => to))).toBeLessThanOrEqual(2048);
  expect(Math.min(2048, ...second.map(([from]) => from))).toBe(2048);
  expect(Math.max(...[2048, ...second.map(([, to]) => to)])).toBeLessThanOrEqual(4096);
});

test.each(parts)("the entry of %s exports functions only, so that the list of them is the ABI", (part) => {
  const source = readFileSync(join(projectRoot, sources[part]), "utf8");
  expect(source.match(/^export (?!function \w+\()/gm)).toBeNull();
  expect(abi(part).length).toBeGreaterThan(part === "engine" ? 40 : 5);
});
