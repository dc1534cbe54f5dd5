import { execFile } from "node:child_process";
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

/** A module as `npm run build` made it, in build/. */
export function builtEngine(build: Build): Uint8Array {
  return readFileSync(join(projectRoot, `build/engine.${build}.wasm`));
}

interface Source {
  readonly build: Build;
  /** Where asc finds the sources; the project unless given. */
  readonly root?: string;
  /** The entry, from `root`; the engine's own unless given. */
  readonly entry?: string;
}

/** Compiles AssemblyScript with the very options of asconfig.json, but for the entry and where the result goes. */
export async function compile({ build, root = projectRoot, entry }: Source): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), "lanelock-asc-"));
  try {
    const config = JSON.parse(readFileSync(join(projectRoot, "asconfig.json"), "utf8"));
    config.entries = [join(root, entry ?? "assembly/index.ts")];
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
