import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const examples = fileURLToPath(new URL("../../deploy/failover/", import.meta.url));

/** Debian's haproxy with the configuration of deploy/failover, in front of two PostgreSQL servers. */
export class Haproxy {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(port: number, child: ChildProcess, directory: string) {
    this.port = port;
    this.#child = child;
    this.#directory = directory;
  }

  static async start(first: number, second: number): Promise<Haproxy> {
    const directory = mkdtempSync(join(tmpdir(), "lanelock-haproxy-"));
    const port = await freePort();
    const check = join(directory, "primary-check");
    copyFileSync(join(examples, "primary-check"), check);
    chmodSync(check, 0o755);
    const changes: readonly (readonly [string, string])[] = [
      ["127.0.0.1:5000", `127.0.0.1:${port}`],
      ["/etc/haproxy/primary-check", check],
      ["127.0.0.1:5433", `127.0.0.1:${first}`],
      ["127.0.0.1:5434", `127.0.0.1:${second}`],
    ];
    let configuration = readFileSync(join(examples, "haproxy.cfg"), "utf8");
    for (const [example, real] of changes) {
      if (!configuration.includes(example)) throw new Error(`deploy/failover/haproxy.cfg lacks ${example}`);
      configuration = configuration.replace(example, real);
    }
    const file = join(directory, "haproxy.cfg");
    writeFileSync(file, configuration);
    const child = spawn("/usr/sbin/haproxy", ["-db", "-f", file], { stdio: "ignore" });
    return new Haproxy(port, child, directory);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    if (this.#child.exitCode === null && this.#child.kill("SIGKILL")) await ended;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
