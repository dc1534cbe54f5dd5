// `npm run bench -- --scaling [--keys 1000,100000]`: what docs/scaling.md has, measured here.
import { spawn } from "node:child_process";
import { cpus } from "node:os";
import { join } from "node:path";
import { Kms } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import { PostgresServer } from "../../../test/stores/postgres-server.ts";
import { scratchFolder } from "../../../test/tokens/scratch-folder.ts";
import { fill } from "./fill.ts";
import { measureIndex } from "./index-cost.ts";
import { measureServers } from "./servers.ts";
import { countStatements } from "./statements.ts";
import { type Job, type OpenReport, rootKey, runJob } from "./worker.ts";

/** Enough for four processes on two busy cores to open the store and compile. */
const WARM_UP_MS = 12_000;

const [, , ...args] = process.argv;
const option = (name: string, otherwise: string) =>
  args.includes(name) ? (args[args.indexOf(name) + 1] ?? "") : otherwise;

/** Runs a job in a process of its own. */
function inProcess<T>(job: Job): Promise<T> {
  const program = process.argv[1] ?? "";
  const child = spawn(process.execPath, ["--expose-gc", "--no-warnings", program, "--job", JSON.stringify(job)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once("close", (status) =>
      status === 0 ? resolve(JSON.parse(text) as T) : reject(new Error(`a job ended with ${status}`)),
    );
  });
}

async function firstKey(store: Job["store"]): Promise<string> {
  await using kms = await Kms.open({ store: sqlStore(store), rootKey: rootKey(), sweepSeconds: false, audit: false });
  return (await kms.createKey({})).keyMetadata.keyId;
}

async function measureKeys(name: string, store: Job["store"], counts: readonly number[]): Promise<void> {
  const like = await firstKey(store);
  let have = 1;
  for (const count of counts) {
    const start = performance.now();
    await fill(store, like, count - have);
    have = count;
    const seconds = (performance.now() - start) / 1_000;
    const r = await inProcess<OpenReport>({ store, seconds: 0, startAt: 0, work: "open" });
    console.log(
      `| ${name} | ${count} | ${r.openMilliseconds.toFixed(0)} | ${r.openCpuMilliseconds.toFixed(0)} | ${r.residentMegabytes.toFixed(0)} | ${r.warmEncryptMicroseconds.toFixed(1)} | ${r.coldEncryptMilliseconds.toFixed(1)} | ${r.createKeyMilliseconds.toFixed(1)} | ${r.listMilliseconds.toFixed(1)} | filled in ${seconds.toFixed(0)} s |`,
    );
  }
}

async function measureProcesses(server: PostgresServer): Promise<void> {
  const store = { url: server.createDatabase() };
  await firstKey(store);
  console.log("| processes | Encrypt a second, together | CreateKey a second, together |\n|---|---|---|");
  for (const processes of [1, 2, 4]) {
    const rates: number[] = [];
    for (const work of ["encrypt", "createKey"] as const) {
      const startAt = Date.now() + WARM_UP_MS;
      const all = Array.from({ length: processes }, () =>
        inProcess<{ perSecond: number }>({ store, seconds: 4, startAt, work }),
      );
      rates.push((await Promise.all(all)).reduce((sum, { perSecond }) => sum + perSecond, 0));
    }
    console.log(`| ${processes} | ${rates.map((rate) => Math.round(rate)).join(" | ")} |`);
  }
}

async function main(): Promise<void> {
  const counts = option("--keys", "1000,100000").split(",").map(Number);
  const parts = option("--parts", "statements,processes,servers,index,keys").split(",");
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}`);
  const server = await PostgresServer.start();
  try {
    if (parts.includes("statements")) {
      server.sql("postgres", "alter system set shared_preload_libraries = 'pg_stat_statements'");
      await server.kill();
      await server.run();
      await countStatements(server);
    }
    if (parts.includes("processes")) await measureProcesses(server);
    if (parts.includes("servers")) await measureServers(server);
    if (parts.includes("index")) measureIndex([1_000, 10_000, 100_000, 1_000_000]);
    if (parts.includes("keys")) {
      console.log(
        "| store | keys | open, ms | CPU, ms | resident, MB | Encrypt warm, µs | first Encrypt of a key, ms | CreateKey, ms | list 100, ms | |",
      );
      const stores = option("--stores", "SQLite,PostgreSQL").split(",");
      if (stores.includes("SQLite"))
        await measureKeys("SQLite", { path: join(scratchFolder("scaling"), "keys.db") }, counts);
      if (stores.includes("PostgreSQL")) await measureKeys("PostgreSQL", { url: server.createDatabase() }, counts);
    }
  } finally {
    await server.stop();
  }
}

if (args.includes("--job")) await runJob(JSON.parse(option("--job", "{}")) as Job);
else await main();
