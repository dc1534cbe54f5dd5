// The modules that the proof is about: those that build/engine.lock.json pins, by their very bytes.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type AnyBuild, fileOf, importedAs, parts, projectRoot } from "../constant-time/compile.ts";
import { decode, type WasmModule } from "./wasm/decode.ts";
import { link } from "./wasm/link.ts";

/** The modules of each build, by the names under which they import each other. The first has the memory. */
export const programs: Readonly<Record<AnyBuild, Readonly<Record<string, string>>>> = {
  plain: modulesOf("plain"),
  relaxed: modulesOf("relaxed"),
  wide: modulesOf("wide"),
};

function modulesOf(build: AnyBuild): Readonly<Record<string, string>> {
  return Object.fromEntries(parts.map(({ name }) => [importedAs(name), fileOf(build, name)]));
}

interface Pinned {
  readonly size: number;
  readonly sha256: string;
}

export interface Program {
  readonly build: string;
  readonly module: WasmModule;
  /** The bytes of the modules. */
  readonly parts: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

const lock = JSON.parse(readFileSync(join(projectRoot, "build/engine.lock.json"), "utf8")) as Record<string, Pinned>;

/** The names of all modules that are shipped, but for the one that only measures how fast a host is, on zeros. */
export const pinned = Object.keys(lock).filter((name) => name !== "wide-probe.wide.wasm");

/** The names of those that the proof reads: the wide build shares some with the relaxed one. */
export const proved = [...new Set(Object.values(programs).flatMap((parts) => Object.values(parts)))];

function readPinned(name: string): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(readFileSync(join(projectRoot, "build", name)));
  const hash = createHash("sha256").update(bytes).digest("hex");
  if (hash !== lock[name]?.sha256) throw new Error(`build/${name} is not what build/engine.lock.json pins`);
  return bytes;
}

export function pinnedPrograms(): Program[] {
  return Object.entries(programs).map(([build, names]) => {
    const parts = new Map(Object.entries(names).map(([as, name]) => [as, readPinned(name)]));
    return { build, parts, module: link(new Map([...parts].map(([as, bytes]) => [as, decode(bytes)]))) };
  });
}
