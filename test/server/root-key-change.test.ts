import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { PostgresServer } from "../stores/postgres-server.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { createAccessKey, lanelock, ServerProcess, type StorePlace } from "./server-process.ts";
import { send, signedPath } from "./signed.ts";

const binary = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const root = scratchFolder("root-key-change");
const OPERATIONS = ["Encrypt", "UpdateKeyDescription"] as const;

/** Events that succeeded, by operation, in all audit files. */
function audited(folder: string): Record<string, number> {
  const lines = readdirSync(folder)
    .filter((name) => /audit.*\.jsonl$/.test(name))
    .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"));
  const count = (operation: string) =>
    lines.filter((line) => line.includes(`"operation":"${operation}"`) && line.includes('"outcome":"OK"')).length;
  return Object.fromEntries(OPERATIONS.map((operation) => [operation, count(operation)]));
}

async function changesUnderLoad(place: StorePlace): Promise<void> {
  const { home, url } = place;
  lanelock(place, "init");
  const options = url === undefined ? [] : ["--audit", join(home, "audit.jsonl")];
  const KeyId = lanelock(place, ...options, "keys", "create").trim();
  const signer = createAccessKey(place, "owner");
  const start = () => ServerProcess.start(place, ...options);
  const servers = [await start(), await start()];
  const acknowledged: Record<string, number> = { Encrypt: 0, UpdateKeyDescription: 0 };
  const others: [number, unknown][] = [];
  /** Calls until the server refuses. */
  const client = async (server: ServerProcess, operation: (typeof OPERATIONS)[number]) => {
    for (let i = 0; ; i++) {
      const own = operation === "Encrypt" ? { Plaintext: "aGk=" } : { Description: `${i}` };
      const { status, json } = await send(server.url, signedPath(signer, operation, { KeyId, ...own }));
      if (status !== 200) return void others.push([status, json.Code]);
      acknowledged[operation] = (acknowledged[operation] ?? 0) + 1;
    }
  };
  const load = Promise.all(
    servers.flatMap((server) => [...Array(4).fill("Encrypt"), OPERATIONS[1]].map((one) => client(server, one))),
  );
  await sleep(1_000);
  const newKey = join(home, "new.key");
  writeFileSync(newKey, randomBytes(32).toString("hex"), { mode: 0o600 });
  const env = {
    PATH: process.env.PATH ?? "",
    LANELOCK_HOME: home,
    ...(url === undefined ? {} : { LANELOCK_STORE: url }),
  };
  await promisify(execFile)(process.execPath, [binary, ...options, "rewrap-store", "--new-root-key", newKey], { env });
  await load;
  expect(new Set(others.map(String))).toEqual(new Set(["503,SerivceUnavailableTemporary"]));
  expect(await Promise.all(servers.map((server) => server.stop()))).toEqual([0, 0]);
  renameSync(newKey, join(home, "root.key"));
  expect(lanelock(place, ...options, "verify")).toContain("ok");
  expect(audited(home)).toEqual(acknowledged);
  for (const operation of OPERATIONS) expect(acknowledged[operation]).toBeGreaterThan(1);
  const again = await start();
  expect((await send(again.url, signedPath(signer, "Encrypt", { KeyId, Plaintext: "aGk=" }))).status).toBe(200);
  await again.stop();
  expect(lanelock(place, ...options, "verify")).toContain("ok");
}

test("two servers on one SQLite file: the root key is changed under load, and every audit line is vouched for", () =>
  changesUnderLoad({ home: join(root, "sqlite") }));

test("two servers on one PostgreSQL: the same", async () => {
  const database = await PostgresServer.start();
  try {
    await changesUnderLoad({ home: join(root, "postgres"), url: database.createDatabase() });
  } finally {
    await database.stop();
  }
});
