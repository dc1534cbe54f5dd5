// The modules that the proof is about: those that build/engine.lock.json pins, by their very bytes.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Build, importedAs, parts, projectRoot } from "../constant-time/compile.ts";
import { decode, type WasmModule } from "./wasm/decode.ts";
import { link } from "./wasm/link.ts";

/** The modules of each build, by the names under which they import each other. The first has the memory. */
export const programs: Readonly<Record<Build, Readonly<Record<string, string>>>> = {
  plain: modulesOf("plain"),
  relaxed: modulesOf("relaxed"),
};

function modulesOf(build: Build): Readonly<Record<string, string>> {
  return Object.fromEntries(parts.map(({ name }) => [importedAs(name), `${name}.${build}.wasm`]));
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

/** The names of all modules that are shipped. */
export const pinned = Object.keys(lock);

/** The names of those that the proof reads. */
export const proved = Object.values(programs).flatMap((parts) => Object.values(parts));

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
