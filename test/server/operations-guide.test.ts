import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Examples } from "../documentation/examples.ts";
import { PostgresServer } from "../stores/postgres-server.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { createAccessKey, lanelock, ServerProcess, type StorePlace } from "./server-process.ts";
import { type Signer, send, signedPath } from "./signed.ts";

const GUIDE = "docs/operations-guide.md";
/** The shell examples of the guide, by their order. */
const SQLITE = { backUp: 0, restore: 1 };
const POSTGRES = { backUp: 2, restore: 3 };
const [ROOT_KEY, AUDIT_FILE] = [4, 5];

const root = scratchFolder("guide");
let database: PostgresServer;
beforeAll(async () => {
  database = await PostgresServer.start();
});
afterAll(() => database.stop());

/** The guide's commands, in the folders of one test. */
function guide(name: string, url?: string) {
  const folder = join(root, name);
  const home = join(folder, "home");
  mkdirSync(folder);
  const env = { LANELOCK_HOME: home, ...(url === undefined ? {} : { LANELOCK_STORE: url }) };
  const places = { "/var/lib/lanelock": home, "/backup": join(folder, "backup"), "/safe": join(folder, "safe") };
  const place: StorePlace = { home, ...(url === undefined ? {} : { url }) };
  return { home, place, commands: new Examples(GUIDE, { places, env }) };
}

async function done(url: string, signer: Signer, operation: string, parameters: Record<string, string>) {
  const { status, json } = await send(url, signedPath(signer, operation, parameters));
  expect({ operation, status, code: json.Code }).toMatchObject({ status: 200 });
  return json;
}

/** A key of a server, and a ciphertext under it. */
async function sealedBy(server: ServerProcess, owner: Signer): Promise<string> {
  const created = await done(server.url, owner, "CreateKey", {});
  const { KeyId } = created.KeyMetadata as { KeyId: string };
  const sealed = await done(server.url, owner, "Encrypt", { KeyId, Plaintext: "c2VjcmV0" });
  return String(sealed.CiphertextBlob);
}

async function expectOpened(server: ServerProcess, owner: Signer, blob: string): Promise<void> {
  const opened = await done(server.url, owner, "Decrypt", { CiphertextBlob: blob });
  expect(opened).toMatchObject({ Plaintext: "c2VjcmV0" });
}

test("SQLite: backed up while a server runs, destroyed, restored; what was sealed before opens, the access key too", async () => {
  const { home, place, commands } = guide("sqlite");
  lanelock(place, "init");
  const owner = createAccessKey(place, "owner");
  const server = await ServerProcess.start(place);
  const blob = await sealedBy(server, owner);
  commands.runCommands(SQLITE.backUp);
  await sealedBy(server, owner);
  await server.kill();
  rmSync(home, { recursive: true });
  expect(commands.runCommands(SQLITE.restore)).toMatch(/ok/i);
  const again = await ServerProcess.start(place);
  await expectOpened(again, owner, blob);
  await again.stop();
  // Once more, over what is there.
  expect(commands.runCommands(SQLITE.restore)).toMatch(/ok/i);
});

test("PostgreSQL: dumped while a server runs, destroyed, restored into an empty database; what was sealed before opens", async () => {
  const url = database.createDatabase();
  const { home, place, commands } = guide("postgres", url);
  lanelock(place, "init");
  const owner = createAccessKey(place, "owner");
  const audit = ["--audit", join(home, "audit.jsonl")];
  const server = await ServerProcess.start(place, ...audit);
  const blob = await sealedBy(server, owner);
  commands.runCommands(POSTGRES.backUp);
  await sealedBy(server, owner);
  await server.kill();
  rmSync(home, { recursive: true });
  database.sql(new URL(url).pathname.slice(1), "drop schema public cascade; create schema public");
  expect(commands.runCommands(POSTGRES.restore)).toMatch(/ok/i);
  const again = await ServerProcess.start(place, ...audit);
  await expectOpened(again, owner, blob);
  await again.stop();
});

test("the root key is changed while servers run: they answer 503 until they are restarted with the new one", async () => {
  const { home, place, commands } = guide("root-key", database.createDatabase());
  lanelock(place, "init");
  mkdirSync(join(home, "../safe"));
  const owner = createAccessKey(place, "owner");
  const audit = ["--audit", join(home, "audit.jsonl")];
  const servers = await Promise.all([1, 2].map(() => ServerProcess.start(place, ...audit)));
  const [first, second] = servers;
  if (first === undefined || second === undefined) throw new Error("two servers are needed");
  const blob = await sealedBy(first, owner);
  await expectOpened(second, owner, blob);
  commands.runCommands(ROOT_KEY);
  for (const { url } of servers) {
    const busy = { status: 503, json: { Code: "SerivceUnavailableTemporary" } };
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect(await send(url, signedPath(owner, "Decrypt", { CiphertextBlob: blob }))).toMatchObject(busy);
    expect(await send(url, signedPath(owner, "CreateKey"))).toMatchObject(busy);
  }
  for (const server of servers) await server.stop();
  const again = await ServerProcess.start(place, ...audit);
  await expectOpened(again, owner, blob);
  await sealedBy(again, owner);
  await again.stop();
  expect(lanelock(place, "verify", ...audit)).toMatch(/ok/i);
});

test("an audit file is renamed while a server writes it, and the chain goes on in a new one", async () => {
  const { home, place, commands } = guide("audit", database.createDatabase());
  lanelock(place, "init");
  const owner = createAccessKey(place, "owner");
  const file = join(home, "audit.jsonl");
  const server = await ServerProcess.start(place, "--audit", file);
  await sealedBy(server, owner);
  commands.runCommands(AUDIT_FILE);
  await sealedBy(server, owner);
  await expect.poll(() => existsSync(file), { timeout: 20_000 }).toBe(true);
  await server.stop();
  expect(lanelock(place, "verify", "--audit", file)).toMatch(/ok/i);
});
