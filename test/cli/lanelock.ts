import { type SpawnSyncOptions, spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { scratchFolder } from "../tokens/scratch-folder.ts";

/** The built command. */
export const binary = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder with a store of its own, and the command run in it. */
export class CommandFolder {
  readonly path: string;
  readonly environment: Record<string, string | undefined>;

  constructor(purpose: string) {
    this.path = scratchFolder(purpose);
    this.environment = { PATH: process.env.PATH, HOME: this.path, LANELOCK_HOME: join(this.path, "home") };
  }

  file(name: string): string {
    return join(this.path, name);
  }

  run(parameters: readonly string[], options: SpawnSyncOptions = {}): Ran {
    return this.#spawn(process.execPath, [binary, ...parameters], options);
  }

  /** Runs a line of bash, in which `lanelock` is the built command. */
  bash(line: string, options: SpawnSyncOptions = {}): Ran {
    const define = `lanelock() { "${process.execPath}" "${binary}" "$@"; }`;
    return this.#spawn("bash", ["-c", `${define}\n${line}`], options);
  }

  /** Runs a command line on a terminal; what that shows is `stdout`. */
  onTerminal(line: string, input = ""): Ran {
    const command = line.replace(/\blanelock\b/g, `"${process.execPath}" "${binary}"`);
    return this.#spawn("script", ["-qefc", command, "/dev/null"], { input });
  }

  #spawn(command: string, parameters: readonly string[], options: SpawnSyncOptions): Ran {
    const { status, stdout, stderr, error } = spawnSync(command, parameters, {
      ...{ cwd: this.path, env: this.environment, input: "", timeout: 120_000 },
      ...options,
    });
    if (error) throw error;
    return { status, stdout: String(stdout), stderr: String(stderr) };
  }
}
