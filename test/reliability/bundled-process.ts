import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A TypeScript program of the tests, bundled with the sources it imports, that plain Node runs as a process of its own. */
export class BundledProgram {
  readonly #directory = mkdtempSync(join(root, "node_modules/.lanelock-"));
  readonly #file = join(this.#directory, "program.mjs");

  constructor(entry: string) {
    buildSync({
      absWorkingDir: root,
      entryPoints: [entry],
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
      packages: "external",
      alias: {
        lanelock: join(root, "src/index.ts"),
        "lanelock/kms": join(root, "src/kms/index.ts"),
        "lanelock/stores": join(root, "src/stores/index.ts"),
      },
      outfile: this.#file,
      logLevel: "error",
    });
  }

  /** Starts it; `prefix` is a command that runs the rest of its line, like `unshare -rm`. */
  start(args: readonly string[], { prefix = [] }: { readonly prefix?: readonly string[] } = {}): RunningProgram {
    const [command = "", ...rest] = [...prefix, process.execPath, this.#file, ...args];
    return new RunningProgram(spawn(command, rest, { cwd: root, stdio: ["pipe", "pipe", "pipe"] }));
  }

  dispose(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

export class RunningProgram {
  /** What it wrote to its output so far, a line each. */
  readonly lines: string[] = [];
  #errors = "";
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once("close", resolve));
    if (child.stdout) createInterface({ input: child.stdout }).on("line", (line) => this.lines.push(line));
    // One that has ended takes no more input; what it printed says why.
    child.stdin?.on("error", () => undefined);
    child.stderr?.on("data", (data) => {
      this.#errors += data;
    });
  }

  /** Writes a line to its input. */
  say(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  get errors(): string {
    return this.#errors;
  }

  /** Waits until it wrote `count` lines, or ended. */
  async wrote(count: number): Promise<void> {
    while (this.lines.length < count && this.#child.exitCode === null && this.#child.signalCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Its exit status; `null` when a signal ended it. */
  ended(): Promise<number | null> {
    return this.#ended;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}
