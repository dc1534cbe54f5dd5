import { type ChildProcess, spawn } from "node:child_process";
import { chownSync, existsSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { Kms } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { PostgresServer } from "./postgres-server.ts";

const PGBOUNCER = "/usr/sbin/pgbouncer";
const folder = scratchFolder("pgbouncer");
const running: ChildProcess[] = [];
let server: PostgresServer;

beforeAll(async () => {
  if (!existsSync(PGBOUNCER)) throw new Error("pgbouncer is not installed; run tools/debian-parts.sh");
  server = await PostgresServer.start();
});
afterAll(async () => {
  for (const child of running) child.kill("SIGINT");
  await server.stop();
});

async function freePort(): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** The URL of a new database, through a real pgbouncer. */
async function through(poolMode: string, settings: readonly string[] = []): Promise<string> {
  const port = await freePort();
  const database = new URL(server.createDatabase()).pathname.slice(1);
  const file = join(folder, `${database}.ini`);
  const { uid, gid } = statSync(server.directory);
  const lines = [
    ...["[databases]", `* = host=127.0.0.1 port=${server.port} user=lanelock`, "[pgbouncer]"],
    ...[
      "listen_addr = 127.0.0.1",
      `listen_port = ${port}`,
      "auth_type = any",
      "unix_socket_dir =",
      `pool_mode = ${poolMode}`,
    ],
    ...["default_pool_size = 20", ...settings],
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  for (const path of [folder, file]) chownSync(path, uid, gid);
  // It refuses to run as root; the database server's user may.
  const child = spawn(PGBOUNCER, ["-q", file], { uid, gid, cwd: folder, stdio: "ignore" });
  running.push(child);
  const url = `postgres://lanelock@127.0.0.1:${port}/${database}`;
  await answers(port);
  return url;
}

async function answers(port: number): Promise<void> {
  const { createConnection } = await import("node:net");
  for (let attempt = 0; attempt < 600; attempt++) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = createConnection(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("pgbouncer did not start within a minute");
}

test.each([
  ["transaction", []],
  ["transaction", ["server_round_robin = 1"]],
  ["statement", []],
])("a pooler in %s mode (%j) is refused, and said to be one", async (mode, settings) => {
  const url = await through(mode, settings);
  for (let attempt = 0; attempt < 5; attempt++) {
    const refusal = { code: "ERR_STORE", message: expect.stringMatching(/pooler.*session mode/) };
    await expect(sqlStore({ url }).open()).rejects.toMatchObject(refusal);
  }
});

test("a pooler in session mode works: claims hold, and rows come back", async () => {
  const url = await through("session");
  const audit = join(folder, "audit.jsonl");
  const rootKey = new Uint8Array(32).fill(7);
  const kms = await Kms.open({ store: sqlStore({ url }), rootKey, audit });
  const { keyId } = (await kms.createKey({})).keyMetadata;
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext: new Uint8Array([1, 2, 3]) });
  await kms.close();
  const again = await Kms.open({ store: sqlStore({ url }), rootKey, audit });
  expect((await again.decrypt({ ciphertextBlob })).plaintext).toEqual(new Uint8Array([1, 2, 3]));
  expect(await again.verifyAudit()).toMatchObject({ ok: true });
  await again.close();

  const stores = [sqlStore({ url }), sqlStore({ url })] as const;
  await Promise.all(stores.map((store) => store.open()));
  const claim = await stores[0].claim("audit");
  expect(await stores[1].claim("audit")).toBeUndefined();
  await claim?.check();
  expect(claim?.lost).toBe(false);
  await claim?.release();
  expect(await stores[1].claim("audit")).toBeDefined();
  await Promise.all(stores.map((store) => store.close()));
});
