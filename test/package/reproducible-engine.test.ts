import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import binaryen from "binaryen";
import { afterAll, expect, test } from "vitest";
import { modules as aes } from "../../src/engine/aes.generated.ts";
import { modules as aesBlocks } from "../../src/engine/aes-blocks.generated.ts";
import { modules as aesModes } from "../../src/engine/aes-modes.generated.ts";
import { modules as engine } from "../../src/engine/engine.generated.ts";
import { modules as sm4 } from "../../src/engine/sm4.generated.ts";
import { modules as sm4Modes } from "../../src/engine/sm4-modes.generated.ts";
import { unpack } from "../../src/engine/unpack.ts";
import { wideModules } from "../../src/engine/wide.generated.ts";
import { wideParts } from "../../tools/engine-parts.mjs";
import {
  type AnyBuild,
  builds,
  builtPart,
  compile,
  importedAs,
  type PartName,
  partNamed,
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

const everyBuild: readonly AnyBuild[] = [...builds, "wide"];
const partsOf = (build: AnyBuild) => (build === "wide" ? wideParts : parts);

/** All are rebuilt and compared with the lock before any test (tools/test.mjs); one of them here, all in a long run. */
const elsewhereToo = process.env.LANELOCK_LONG === "1" ? everyBuild : (["relaxed"] as const);

test.each(elsewhereToo.flatMap((build) => partsOf(build).map((part) => ({ part, name: part.name, build }))))(
  "$name, $build: what is built in another folder is what is locked, built here and shipped",
  async ({ part, name, build }) => {
    cpSync(join(projectRoot, "assembly"), join(elsewhere, "assembly"), { recursive: true });
    const rebuilt = await compile({ build, root: elsewhere, part });
    const { size, sha256, exports } = lock[`${name}.${build}.wasm`] ?? {};
    expect({ size: rebuilt.length, sha256: createHash("sha256").update(rebuilt).digest("hex") }).toEqual({
      size,
      sha256,
    });
    expect(Buffer.compare(rebuilt, builtPart(build, name))).toBe(0);
    expect(Buffer.compare(rebuilt, shipped(build, name))).toBe(0);
    expect(shapeOf(rebuilt).exports).toEqual(exports);
  },
);

const packed = { engine, aes, "aes-blocks": aesBlocks, sm4, "aes-modes": aesModes, "sm4-modes": sm4Modes };

const wide: Partial<typeof packed> = { ...wideModules, "aes-blocks": wideModules.aesBlocks };

/** The module as the package carries it. */
function shipped(build: AnyBuild, name: PartName): Uint8Array {
  if (build === "wide") return unpack(wide[name] ?? packed[name], 0);
  return unpack(packed[name], builds.indexOf(build) === 0 ? 0 : 1);
}

/** The functions that a part's entry exports, which is the ABI and nothing else. */
function abi(name: PartName): string[] {
  const source = readFileSync(join(projectRoot, partNamed(name).entry), "utf8");
  return [...source.matchAll(/^export function (\w+)/gm)].map(([, exported]) => exported ?? "");
}

/** Whose exports each part may import, besides the memory. */
const from: Readonly<Record<PartName, readonly PartName[]>> = {
  engine: [],
  aes: [],
  "aes-blocks": [],
  sm4: [],
  "aes-modes": ["aes"],
  "sm4-modes": ["sm4"],
};

const modules = everyBuild.flatMap((build) => partsOf(build).map(({ name }) => ({ build, name })));

test.each(modules)("$name, $build: it is locked and shipped, and exports the ABI only", ({ build, name }) => {
  const code = builtPart(build, name);
  expect(createHash("sha256").update(code).digest("hex")).toBe(lock[`${name}.${build}.wasm`]?.sha256);
  expect(Buffer.compare(code, shipped(build, name))).toBe(0);
  const memory = name === "engine" ? ["memory"] : [];
  const { imports, exports } = shapeOf(code);
  expect(exports).toEqual([...abi(name), ...memory].sort());
  const imported = imports.map(
    (line) => /^"([^"]+)" "(\w+)" \((?:func|memory) /.exec(line)?.slice(1).join(".") ?? line,
  );
  const allowed = from[name].flatMap((other) => abi(other).map((each) => `${importedAs(other)}.${each}`));
  if (name === "engine") expect(imported).toEqual([]);
  else expect(imported).toContain("env.memory");
  expect(imported.filter((each) => ![...allowed, "env.memory"].includes(each))).toEqual([]);
  expect(imported.length).toBeGreaterThanOrEqual(2 * from[name].length);
});

/** Where the constants of a module stand: [from, to) of each segment. */
function constants(code: Uint8Array): [number, number][] {
  const module = binaryen.readBinary(code);
  module.setFeatures(binaryen.Features.All);
  const segments = module.emitText().matchAll(/^ \(data \S+ \(i32\.const (\d+)\) "(.*)"\)$/gm);
  module.dispose();
  const size = (text: string) => text.replace(/\\([0-9a-f]{2}|.)/g, ".").length;
  return [...segments].map(([, at, text]) => [Number(at), Number(at) + size(text ?? "")]);
}

test.each(everyBuild)("%s: the constants of the modules stand apart, and below all that is written", (build) => {
  for (const [index, { name, constants: start }] of parts.entries()) {
    const found = constants(builtPart(build, name));
    const end = parts[index + 1]?.constants ?? 4096;
    expect(
      found.filter(([at, to]) => at < start || to > end),
      name,
    ).toEqual([]);
  }
  expect(constants(builtPart(build, "aes")).length).toBeGreaterThan(3);
});

test.each(parts)(
  "the entry of $name exports functions only, so that the list of them is the ABI",
  ({ name, entry }) => {
    const source = readFileSync(join(projectRoot, entry), "utf8");
    expect(source.match(/^export (?!function \w+\()/gm)).toBeNull();
    expect(abi(name).length).toBeGreaterThan(name === "aes-blocks" ? 1 : 5);
  },
);
