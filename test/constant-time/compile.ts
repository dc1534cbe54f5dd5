import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const builds = ["plain", "relaxed"] as const;
export type Build = (typeof builds)[number];

function rootAbove(folder: string): string {
  return existsSync(join(folder, "asconfig.json")) ? folder : rootAbove(dirname(folder));
}

/** Found from wherever this module is bundled to, too. */
export const projectRoot = rootAbove(dirname(fileURLToPath(import.meta.url)));

/** The parts of the engine: the module that every program loads, and the one that imports its memory and ciphers. */
export const parts = ["engine", "modes"] as const;
export type Part = (typeof parts)[number];

/** The asconfig of each part. */
export const configs = { engine: "asconfig.json", modes: "asconfig.modes.json" } as const;

/** A module as `npm run build` made it, in build/. */
export function builtEngine(build: Build, part: Part = "engine"): Uint8Array {
  return readFileSync(join(projectRoot, `build/${part}.${build}.wasm`));
}

/** Both parts as one module that does the same, for what reads or rewrites code. */
export function wholeEngine(build: Build): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "lanelock-merge-"));
  try {
    const [engine, modes] = parts.map((part) => join(projectRoot, `build/${part}.${build}.wasm`));
    const merge = join(projectRoot, "node_modules/binaryen/bin/wasm-merge");
    const out = join(folder, "out.wasm");
    execFileSync(process.execPath, [merge, `${engine}`, "env", `${modes}`, "modes", "-o", out, "--all-features"]);
    return readFileSync(out);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Source {
  readonly build: Build;
  /** Where asc finds the sources; the project unless given. */
  readonly root?: string;
  readonly part?: Part;
  /** The entry, from `root`; the part's own unless given. */
  readonly entry?: string;
}

/** Compiles AssemblyScript with the very options of the part's asconfig, but for the entry and where the result goes. */
export async function compile({ build, root = projectRoot, part = "engine", entry }: Source): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), "lanelock-asc-"));
  try {
    const config = JSON.parse(readFileSync(join(projectRoot, configs[part]), "utf8"));
    config.entries = [join(root, entry ?? config.entries[0])];
    const target = config.targets[build];
    config.targets = { [build]: { ...target, outFile: join(folder, "out.wasm"), textFile: join(folder, "out.wat") } };
    const file = join(folder, "asconfig.json");
    writeFileSync(file, JSON.stringify(config));
    const asc = join(projectRoot, "node_modules/assemblyscript/bin/asc.js");
    await promisify(execFile)(process.execPath, [asc, "--config", file, "--target", build, "--baseDir", root], {
      cwd: root,
    });
    return readFileSync(join(folder, "out.wasm"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
