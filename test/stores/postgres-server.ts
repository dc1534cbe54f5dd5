import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The newest PostgreSQL that Debian's package installed. */
function binaries(): string {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  if (versions[0] === undefined) throw new Error("PostgreSQL is not installed; run tools/debian-parts.sh");
  return join(root, versions[0], "bin");
}

/** initdb and postgres refuse to run as root; then they run as the user the package made. */
function unprivileged(): { uid: number; gid: number } | Record<string, never> {
  if (process.getuid?.() !== 0) return {};
  const entry = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((line) => line.startsWith("postgres:"));
  const [, , uid, gid] = entry?.split(":") ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

export interface ServerOptions {
  /** Addresses; 127.0.0.1 must be one. */
  readonly listen?: string;
  /** Lines of pg_hba.conf. Who none of them fits is trusted, at 127.0.0.1. */
  readonly access?: readonly string[];
}

/** A real server in a directory of its own, on a free port, that ends with the test. */
export class PostgresServer {
  readonly directory: string;
  readonly port: number;
  readonly #user = unprivileged();
  #process: ChildProcess | undefined;
  readonly #options: ServerOptions;
  #tls: readonly string[] = [];
  #databases = 0;

  private constructor(directory: string, port: number, options: ServerOptions) {
    this.directory = directory;
    this.port = port;
    this.#options = options;
  }

  static async start(options: ServerOptions = {}): Promise<PostgresServer> {
    const directory = mkdtempSync(join(tmpdir(), "lanelock-pg-"));
    const server = new PostgresServer(directory, await freePort(), options);
    if ("uid" in server.#user) chownSync(directory, server.#user.uid, server.#user.gid);
    const made = spawnSync(
      join(binaries(), "initdb"),
      [
        "-D",
        join(directory, "data"),
        "-U",
        "lanelock",
        "--auth=trust",
        "--no-sync",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
      ],
      { ...server.#user, cwd: directory, encoding: "utf8" },
    );
    if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
    if (options.access !== undefined) server.#grant([...options.access, "host all all 127.0.0.1/32 trust"]);
    await server.run();
    return server;
  }

  /**
   * A standby of a running server, which from then on acknowledges a commit when the standby has it on disk too.
   * It ends with {@link stop} as a server of its own.
   */
  static async standbyOf(primary: PostgresServer): Promise<PostgresServer> {
    const directory = mkdtempSync(join(tmpdir(), "lanelock-pg-"));
    const server = new PostgresServer(directory, await freePort(), {});
    if ("uid" in server.#user) chownSync(directory, server.#user.uid, server.#user.gid);
    const source = ["-h", "127.0.0.1", "-p", `${primary.port}`, "-U", "lanelock"];
    const copied = spawnSync(
      join(binaries(), "pg_basebackup"),
      ["-D", join(directory, "data"), "--checkpoint=fast", "--write-recovery-conf", "--no-sync", ...source],
      { ...server.#user, cwd: directory, encoding: "utf8" },
    );
    if (copied.status !== 0) throw new Error(`pg_basebackup failed: ${copied.stderr}`);
    await server.run();
    primary.sql("postgres", "alter system set synchronous_standby_names = 'ANY 1 (*)'");
    primary.sql("postgres", "select pg_reload_conf()");
    const state = "select sync_state from pg_stat_replication";
    for (let attempt = 0; primary.sql("postgres", state).trim() !== "quorum"; attempt++) {
      if (attempt > 600) throw new Error("the standby did not become synchronous within a minute");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return server;
  }

  /** Makes a standby the primary. Returns when it takes writes. */
  promote(): void {
    // The copied settings ask for a standby of its own, which it has not got.
    this.sql("postgres", "alter system reset synchronous_standby_names");
    this.sql("postgres", "select pg_reload_conf()");
    this.sql("postgres", "select pg_promote(true, 60)");
  }

  #grant(lines: readonly string[]): void {
    writeFileSync(join(this.directory, "data", "pg_hba.conf"), `${lines.join("\n")}\n`);
  }

  /** Restarts it with a certificate, or without TLS. */
  async restartWithTls(files: { certificate: string; privateKey: string } | undefined): Promise<void> {
    await this.#end("SIGINT");
    this.#tls = [];
    if (files !== undefined) {
      const [certificate, key] = [join(this.directory, "server.crt"), join(this.directory, "server.key")];
      copyFileSync(files.certificate, certificate);
      copyFileSync(files.privateKey, key);
      chmodSync(key, 0o600);
      for (const file of [certificate, key]) if ("uid" in this.#user) chownSync(file, this.#user.uid, this.#user.gid);
      this.#tls = ["ssl=on", `ssl_cert_file=${certificate}`, `ssl_key_file=${key}`].flatMap((one) => ["-c", one]);
    }
    await this.run();
  }

  /** Starts the server process, again after {@link kill}, and waits until it answers. */
  async run(): Promise<void> {
    const { port, directory } = this;
    this.#process = spawn(
      join(binaries(), "postgres"),
      [
        ...["-D", join(directory, "data"), "-p", `${port}`, "-k", directory],
        ...["-c", `listen_addresses=${this.#options.listen ?? "127.0.0.1"}`, ...this.#tls],
      ],
      { ...this.#user, cwd: directory, stdio: "ignore" },
    );
    for (let attempt = 0; attempt < 600; attempt++) {
      const ready = spawnSync(join(binaries(), "pg_isready"), ["-h", "127.0.0.1", "-p", `${port}`, "-q"]);
      if (ready.status === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error("PostgreSQL did not start within a minute");
  }

  /** A new, empty database. */
  createDatabase(): string {
    const name = `d${++this.#databases}`;
    this.sql("postgres", `create database ${name}`);
    return `postgres://lanelock@127.0.0.1:${this.port}/${name}`;
  }

  /** Runs statements with psql, and gives what it prints. */
  sql(database: string, statements: string): string {
    const args = ["-h", "127.0.0.1", "-p", `${this.port}`, "-U", "lanelock", "-d", database, "-Atc", statements];
    const { status, stdout, stderr } = spawnSync(join(binaries(), "psql"), args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`psql failed: ${stderr}`);
    return stdout;
  }

  /** SIGKILL to the server and, since orphaned backends would hold the data directory, to its whole family. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
    rmSync(join(this.directory, "data", "postmaster.pid"), { force: true });
  }

  async #end(signal: "SIGKILL" | "SIGINT"): Promise<void> {
    const child = this.#process;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const family = signal === "SIGKILL" ? childrenOf(child.pid) : [];
    // The parent first: it would answer a child's death with a recovery of its own.
    child.kill(signal);
    await ended;
    for (const pid of family) await killed(pid);
  }

  async stop(): Promise<void> {
    await this.#end("SIGINT");
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Kills a process that may have ended by itself, and waits until it is gone. */
async function killed(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function childrenOf(parent: number): number[] {
  const { stdout } = spawnSync("ps", ["-o", "pid=", "--ppid", `${parent}`], { encoding: "utf8" });
  return stdout
    .split("\n")
    .map(Number)
    .filter((pid) => pid > 0);
}
