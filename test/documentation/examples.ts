import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import { scratchFolder } from "../tokens/scratch-folder.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const lanelock = join(root, "dist/cli/main.js");

type Language = "js" | "ts" | "sh";

/** The code of a document, in order, by language. */
function codeOf(document: string, language: Language): string[] {
  const text = readFileSync(join(root, document), "utf8");
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, name, code = ""]) =>
    name === language ? [code] : [],
  );
}

/**
 * The examples of a document, run as they stand there in a folder of their own, but for the places that are not the reader's:
 * each of `places` must occur.
 */
export class Examples {
  readonly folder = scratchFolder("examples");
  readonly #document: string;
  readonly #places: Readonly<Record<string, string>>;
  readonly #env: NodeJS.ProcessEnv;

  constructor(document: string, { places, env = {} }: { places: Record<string, string>; env?: NodeJS.ProcessEnv }) {
    this.#document = document;
    this.#places = places;
    this.#env = { ...process.env, ...env };
    const all = [...codeOf(document, "ts"), ...codeOf(document, "sh")].join("");
    for (const place of Object.keys(places)) {
      if (!all.includes(place)) throw new Error(`${document} does not have ${place}`);
    }
    mkdirSync(join(this.folder, "node_modules"));
    // As it is when it is installed: the package by its name, built.
    symlinkSync(root, join(this.folder, "node_modules/lanelock"));
  }

  count(language: Language): number {
    return codeOf(this.#document, language).length;
  }

  /** Writes the nth TypeScript example as the program that a reader would run. */
  #program(index: number): string {
    const { code } = transformSync(this.#code("ts", index), { loader: "ts", format: "esm", target: "node20" });
    const file = join(this.folder, `example-${index}.mjs`);
    writeFileSync(file, code);
    return file;
  }

  /** Runs the nth JavaScript example, to the letter, and gives what it prints. */
  runScript(index: number): string {
    const file = join(this.folder, `script-${index}.mjs`);
    writeFileSync(file, this.#code("js", index));
    return this.#run(process.execPath, [file]);
  }

  /** Runs the nth TypeScript example and gives what it prints. */
  runProgram(index: number): string {
    return this.#run(process.execPath, ["--no-warnings", this.#program(index)]);
  }

  /** Runs the commands of the nth shell example and gives what they print. */
  runCommands(index: number): string {
    return this.#run("bash", ["-euo", "pipefail", "-c", this.#commands(index)]);
  }

  /** Starts the nth shell example, which serves until it is ended. */
  startCommands(index: number): ChildProcess {
    const { folder: cwd } = this;
    const line = `exec ${this.#code("sh", index).replace(/^lanelock/, `"${process.execPath}" "${lanelock}"`)}`;
    return spawn("bash", ["-c", line], { cwd, env: this.#env, stdio: ["ignore", "pipe", "inherit"] });
  }

  #commands(index: number): string {
    const code = this.#code("sh", index).replace(/^npx lanelock/gm, "lanelock");
    return `lanelock() { "${process.execPath}" "${lanelock}" "$@"; }\n${code}`;
  }

  #code(language: Language, index: number): string {
    const code = codeOf(this.#document, language)[index];
    if (code === undefined) throw new Error(`${this.#document} has no ${language} example ${index}`);
    return Object.entries(this.#places).reduce((text, [place, here]) => text.replaceAll(place, here), code);
  }

  #run(command: string, parameters: readonly string[]): string {
    const { folder: cwd } = this;
    const { status, stdout, stderr } = spawnSync(command, parameters, { cwd, env: this.#env, encoding: "utf8" });
    if (status !== 0) throw new Error(`an example of ${this.#document} failed: ${stderr}${stdout}`);
    return stdout;
  }
}
