import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  type AnyBuild,
  buildBeside,
  builds,
  importedAs,
  type Part,
  type PartName,
  partOptions,
  parts,
} from "../../tools/engine-parts.mjs";

export { type AnyBuild, builds, importedAs, type PartName, parts };

function rootAbove(folder: string): string {
  return existsSync(join(folder, "asconfig.json")) ? folder : rootAbove(dirname(folder));
}

/** Found from wherever this module is bundled to, too. */
export const projectRoot = rootAbove(dirname(fileURLToPath(import.meta.url)));

export function partNamed(name: PartName): Part {
  const part = parts.find((each) => each.name === name);
  if (!part) throw new Error(`The engine has no part ${name}`);
  return part;
}

/** The file in build/ of what runs as a part of a build. */
export function fileOf(build: AnyBuild, name: PartName): string {
  return `${name}.${buildBeside(name, build)}.wasm`;
}

/** A module as `npm run build` made it, in build/. */
export function builtPart(build: AnyBuild, name: PartName): Uint8Array {
  return readFileSync(join(projectRoot, "build", fileOf(build, name)));
}

/** All parts as one module that does the same, for what reads or rewrites code. */
export function wholeEngine(build: AnyBuild): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "lanelock-merge-"));
  try {
    const files = parts.flatMap(({ name }) => [join(projectRoot, "build", fileOf(build, name)), importedAs(name)]);
    const merge = join(projectRoot, "node_modules/binaryen/bin/wasm-merge");
    const out = join(folder, "out.wasm");
    execFileSync(process.execPath, [merge, ...files, "-o", out, "--all-features"]);
    return readFileSync(out);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Source {
  readonly build: AnyBuild;
  /** Where asc finds the sources; the project unless given. */
  readonly root?: string;
  readonly part?: Part;
  /** The entry, from `root`; the part's own unless given. */
  readonly entry?: string;
}

/** Compiles AssemblyScript with the very options of the part, the first unless given, but for the entry and where the result goes. */
export async function compile({ build, root = projectRoot, part = parts[0], entry }: Source): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), "lanelock-asc-"));
  try {
    const asc = join(projectRoot, "node_modules/assemblyscript/bin/asc.js");
    const out = join(folder, "out.wasm");
    const config = ["--config", join(projectRoot, "asconfig.json"), "--target", build];
    const places = ["--baseDir", root, "--outFile", out, "--textFile", join(folder, "out.wat")];
    const source = join(root, entry ?? part.entry);
    await promisify(execFile)(process.execPath, [asc, source, ...config, ...partOptions(part, build), ...places], {
      cwd: root,
    });
    return readFileSync(out);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
