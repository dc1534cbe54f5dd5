import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Signer } from "./signed.ts";

const binary = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** `lanelock serve` as it is built, in a process and a folder of its own, and an access key that may do everything. */
export class BuiltServer implements AsyncDisposable {
  readonly url: string;
  readonly owner: Signer;
  readonly rootKey: string;
  readonly #child: ReturnType<typeof spawnServer>;
  readonly #ended: Promise<number | null>;
  readonly #home: string;
  readonly #log: string[];

  private constructor(
    parts: { url: string; owner: Signer; home: string; log: string[] },
    child: ReturnType<typeof spawnServer>,
  ) {
    this.url = parts.url;
    this.owner = parts.owner;
    this.rootKey = readFileSync(join(parts.home, "root.key"), "utf8").trim();
    this.#home = parts.home;
    this.#log = parts.log;
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once("exit", resolve));
  }

  /** @param nodeOptions for the server's process */
  static async start(nodeOptions: readonly string[] = [], ...flags: string[]): Promise<BuiltServer> {
    const home = mkdtempSync(join(tmpdir(), "lanelock-server-"));
    const environment = { PATH: process.env.PATH ?? "", LANELOCK_HOME: home };
    const run = (...args: string[]) =>
      execFileSync(process.execPath, [binary, ...args], { env: environment, encoding: "utf8" });
    run("init");
    const owner: Signer = JSON.parse(run("access-keys", "create", "--name", "owner", "--json"));
    const child = spawnServer([...nodeOptions, binary, "serve", "--port", "0", ...flags], environment);
    const log: string[] = [];
    createInterface(child.stderr).on("line", (line) => log.push(line));
    const line = await new Promise<string>((resolve) => {
      createInterface(child.stdout).once("line", resolve);
      child.once("exit", (code) => resolve(`ended with ${code}: ${log.join("\n")}`));
    });
    if (!line.startsWith("listening on ")) throw new Error(line);
    return new BuiltServer({ url: line.replace("listening on ", ""), owner, home, log }, child);
  }

  get port(): number {
    return Number(/:(\d+)$/.exec(this.url)?.[1]);
  }

  get log(): readonly string[] {
    return this.#log;
  }

  /** Memory that the process holds, in bytes. */
  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1_024;
  }

  /** @returns its exit status */
  stop(): Promise<number | null> {
    this.#child.kill("SIGTERM");
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
    rmSync(this.#home, { recursive: true, force: true });
  }
}

function spawnServer(args: readonly string[], env: NodeJS.ProcessEnv) {
  return spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
}
