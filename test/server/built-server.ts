import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAccessKey, lanelock, ServerProcess } from "./server-process.ts";
import type { Signer } from "./signed.ts";

/** `lanelock serve` on a new store in a folder of its own, and an access key that may do everything. */
export class BuiltServer implements AsyncDisposable {
  readonly owner: Signer;
  readonly rootKey: string;
  readonly #home: string;
  readonly #process: ServerProcess;

  private constructor(process: ServerProcess, owner: Signer, home: string) {
    this.owner = owner;
    this.rootKey = readFileSync(join(home, "root.key"), "utf8").trim();
    this.#home = home;
    this.#process = process;
  }

  /** @param nodeOptions for the server's process */
  static async start(nodeOptions: readonly string[] = [], ...flags: string[]): Promise<BuiltServer> {
    const home = mkdtempSync(join(tmpdir(), "lanelock-server-"));
    lanelock({ home }, "init");
    const owner = createAccessKey({ home }, "owner");
    return new BuiltServer(await ServerProcess.start({ home, nodeOptions }, ...flags), owner, home);
  }

  get url(): string {
    return this.#process.url;
  }

  get port(): number {
    return Number(/:(\d+)$/.exec(this.url)?.[1]);
  }

  /** The lines of its log. */
  get log(): readonly string[] {
    return this.#process.log;
  }

  /** Memory that the process holds, in bytes. */
  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1_024;
  }

  /** @returns its exit status */
  stop(): Promise<number | null> {
    return this.#process.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.kill();
    rmSync(this.#home, { recursive: true, force: true });
  }
}
