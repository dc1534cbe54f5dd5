import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Signer, signedPath } from "../../../test/server/signed.ts";
import type { PostgresServer } from "../../../test/stores/postgres-server.ts";
import { scratchFolder } from "../../../test/tokens/scratch-folder.ts";
import { sendAll } from "../generator.ts";
import { startPinned } from "../processes.ts";

const binary = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const ROUNDS = 9;
const REQUESTS = 2_000;
const WARM_UP_ROUNDS = 6;

/** Signed Encrypt of 32 characters over HTTP, by the number of `lanelock serve` processes on one store. */
export async function measureServers(postgres: PostgresServer): Promise<void> {
  console.log(
    "| store | servers | requests a second, by the clock | µs of processor a request, all servers |\n|---|---|---|---|",
  );
  for (const [name, store] of [
    ["SQLite", undefined],
    ["PostgreSQL", postgres.createDatabase()],
  ] as const) {
    const home = scratchFolder(`servers-${name}`);
    const environment = {
      ...{ PATH: process.env.PATH ?? "", LANELOCK_HOME: home, LANELOCK_AUDIT: join(home, "audit.jsonl") },
      ...(store === undefined ? {} : { LANELOCK_STORE: store }),
    };
    const run = (...args: string[]) =>
      execFileSync(process.execPath, [binary, ...args], { env: environment, encoding: "utf8" });
    run("init");
    const keyId = run("keys", "create").trim();
    const signer: Signer = JSON.parse(run("access-keys", "create", "--name", "bench", "--json"));
    const own = { KeyId: keyId, Plaintext: Buffer.alloc(24, 7).toString("base64") };
    for (const count of [1, 2, 4]) {
      const servers = await Promise.all(
        Array.from({ length: count }, (_, index) =>
          startPinned([binary, "serve", "--port", "0"], index % 2, environment),
        ),
      );
      const ports = servers.map(({ port }) => port);
      const spent = () => servers.reduce((sum, server) => sum + server.cpuNanoseconds(), 0);
      const rounds: (readonly [rate: number, microseconds: number])[] = [];
      for (let round = 0; round < WARM_UP_ROUNDS * count + ROUNDS; round++) {
        const requests = Array.from({ length: REQUESTS }, () =>
          Buffer.from(`POST ${signedPath(signer, "Encrypt", own)} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`),
        );
        const before = spent();
        const took = await sendAll(ports, requests);
        rounds.push([(REQUESTS / took) * 1e9, (spent() - before) / REQUESTS / 1_000]);
      }
      const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
      const measured = rounds.slice(-ROUNDS);
      const [rate, microseconds] = [median(measured.map(([one]) => one)), median(measured.map(([, one]) => one))];
      console.log(`| ${name} | ${count} | ${Math.round(rate)} | ${microseconds.toFixed(0)} |`);
      await Promise.all(servers.map((server) => server.stop()));
    }
  }
}
