import { execFileSync, type SpawnSyncReturns, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

/** A user's empty project, with the commands a user types. */
export class Project {
  readonly folder: string;
  readonly #node: string;
  readonly #env: NodeJS.ProcessEnv;

  /** @param node the Node that runs npm and everything else in it */
  constructor(folder: string, node: string = process.execPath) {
    this.folder = folder;
    this.#node = node;
    mkdirSync(folder, { recursive: true });
    const path = [dirname(node), process.env.PATH].join(delimiter);
    this.#env = { PATH: path, HOME: process.env.HOME, LANELOCK_HOME: join(folder, "home") };
    this.write("package.json", JSON.stringify({ name: "app", private: true, type: "module" }));
  }

  write(name: string, text: string): void {
    const file = join(this.folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** `npm install`, from npm's cache where it can, and without the scripts that compile native packages unless asked. */
  install(packages: readonly string[], { scripts = false } = {}): void {
    const options = ["--prefer-offline", "--no-audit", "--no-fund", ...(scripts ? [] : ["--ignore-scripts"])];
    const { status, stderr, stdout } = this.#spawn("npm", ["install", ...options, ...packages]);
    if (status !== 0) throw new Error(`npm install ${packages.join(" ")} failed: ${stderr}${stdout}`);
  }

  /** `npx lanelock …`, which never asks a registry. */
  lanelock(parameters: readonly string[], input = ""): SpawnSyncReturns<string> {
    return this.#spawn("npx", ["--no-install", "lanelock", ...parameters], input);
  }

  /** Runs a JavaScript module and gives what it prints. */
  run(name: string, text: string, env: NodeJS.ProcessEnv = {}): string {
    this.write(name, text);
    return execFileSync(this.#node, ["--no-warnings", name], {
      ...{ cwd: this.folder, encoding: "utf8", env: { ...this.#env, ...env } },
    }).trim();
  }

  #spawn(command: string, parameters: readonly string[], input = ""): SpawnSyncReturns<string> {
    return spawnSync(command, parameters, { cwd: this.folder, env: this.#env, encoding: "utf8", input });
  }
}
