import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Signer } from "./signed.ts";

const binary = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Where servers of one store find it: the folder of the root key, and the database unless it is in that folder. */
export interface StorePlace {
  readonly home: string;
  readonly url?: string;
}

function environment({ home, url }: StorePlace): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH ?? "", LANELOCK_HOME: home, ...(url === undefined ? {} : { LANELOCK_STORE: url }) };
}

/** Runs a command of the built program and gives what it prints. */
export function lanelock(place: StorePlace, ...args: string[]): string {
  const env = environment(place);
  return execFileSync(process.execPath, [binary, ...args], { env, encoding: "utf8", stdio: "pipe" });
}

export function createAccessKey(place: StorePlace, name: string): Signer {
  return JSON.parse(lanelock(place, "access-keys", "create", "--name", name, "--json")) as Signer;
}

/** Lines of a server's log that are kept: a server under load logs more than is worth keeping. */
const KEPT_LINES = 100_000;

interface ServerNode {
  readonly node?: string;
  readonly nodeOptions?: readonly string[];
}

/** A `lanelock serve` of its own process on a free port. */
export class ServerProcess {
  readonly url: string;
  /** The latest lines of its log. */
  readonly log: readonly string[];
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;

  private constructor(url: string, log: readonly string[], child: ChildProcess, ended: Promise<number | null>) {
    this.url = url;
    this.log = log;
    this.#child = child;
    this.#ended = ended;
  }

  /** `node` runs the server's process, with `nodeOptions`. */
  static async start(
    { node = process.execPath, nodeOptions = [], ...place }: StorePlace & ServerNode,
    ...args: string[]
  ): Promise<ServerProcess> {
    const all = [...nodeOptions, binary, "serve", "--port", "0", ...args];
    const child = spawn(node, all, { env: environment(place), stdio: ["ignore", "pipe", "pipe"] });
    const log: string[] = [];
    createInterface(child.stderr).on("line", (line) => {
      log.push(line);
      if (log.length > KEPT_LINES) log.splice(0, KEPT_LINES / 2);
    });
    // "close" and not "exit": the last lines of the log are read only then.
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    const lines = createInterface(child.stdout);
    const first = await Promise.race([new Promise<string>((resolve) => lines.once("line", resolve)), ended]);
    const url = /^listening on (http:.+)$/.exec(String(first))?.[1];
    if (url === undefined) throw new Error(`the server did not start (${first}): ${log.slice(-20).join("\n")}`);
    return new ServerProcess(url, log, child, ended);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  /** @returns its exit status */
  stop(): Promise<number | null> {
    this.#child.kill("SIGTERM");
    return this.#ended;
  }
}
