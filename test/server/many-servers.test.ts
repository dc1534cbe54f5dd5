import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PostgresServer } from "../stores/postgres-server.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { AcknowledgedWork } from "./acknowledged-work.ts";
import { createAccessKey, lanelock, ServerProcess, type StorePlace } from "./server-process.ts";
import { type Signer, send, signedPath } from "./signed.ts";

const LONG = process.env.LANELOCK_LONG === "1";
const ROUNDS = LONG ? 30 : 3;
const KILLS = LONG ? 20 : 2;
const CLIENTS = 6;
/** Within which docs/kms.md and docs/server.md promise that a change is obeyed everywhere, and the resolution of timers. */
const STATED_MS = 250 + 5;

const root = scratchFolder("many-servers");
let database: PostgresServer;
let servers: ServerProcess[] = [];
let place: StorePlace;
let owner: Signer;

beforeAll(async () => {
  database = await PostgresServer.start();
  place = { home: join(root, "home"), url: database.createDatabase() };
  lanelock(place, "init");
  owner = createAccessKey(place, "owner");
  servers = await Promise.all([1, 2, 3].map(() => ServerProcess.start(place)));
});

afterAll(async () => {
  await Promise.all(servers.map((server) => server.kill()));
  await database.stop();
});

const at = (number: number) => servers[number % servers.length]?.url ?? "";
const others = (number: number) => servers.map(({ url }) => url).filter((url) => url !== at(number));

/** An operation that must succeed. */
async function done(url: string, operation: string, parameters: Record<string, string>) {
  const { status, json } = await send(url, signedPath(owner, operation, parameters));
  expect({ operation, status, code: json.Code }).toMatchObject({ operation, status: 200 });
  return json;
}

async function createKey(): Promise<string> {
  const { KeyMetadata } = await done(at(0), "CreateKey", {});
  return (KeyMetadata as { KeyId: string }).KeyId;
}

const encrypt = (url: string, keyId: string, signer = owner) =>
  send(url, signedPath(signer, "Encrypt", { KeyId: keyId, Plaintext: "aGk=" }));

/** Encrypts on every server, so that each has the key and the access key at hand as they are before a change. */
async function warm(keyId: string, signer = owner): Promise<void> {
  for (const { url } of servers) expect(await encrypt(url, keyId, signer)).toMatchObject({ status: 200 });
}

test(`rotation, disabling and another alias target are obeyed by all of three servers within 250 ms, ${ROUNDS} rounds`, async () => {
  console.log(`many-servers: ${ROUNDS} rounds of changes on 3 servers`);
  const [keyId, other] = [await createKey(), await createKey()];
  await done(at(0), "CreateAlias", { KeyId: keyId, AliasName: "alias/moving" });
  for (let round = 0; round < ROUNDS; round++) {
    await warm("alias/moving");
    const { KeyVersion } = await done(at(round), "RotateKey", { KeyId: keyId });
    await sleep(STATED_MS);
    const { KeyVersionId } = KeyVersion as { KeyVersionId: string };
    for (const url of others(round)) {
      expect((await encrypt(url, keyId)).json).toMatchObject({ KeyVersionId });
    }
    await done(at(round + 1), "DisableKey", { KeyId: keyId });
    await sleep(STATED_MS);
    for (const url of others(round + 1)) {
      expect(await encrypt(url, keyId)).toMatchObject({ status: 409, json: { Code: "Rejected.Disabled" } });
    }
    await done(at(round + 1), "EnableKey", { KeyId: keyId });
    await sleep(STATED_MS);
    for (const url of others(round + 1)) expect(await encrypt(url, keyId)).toMatchObject({ status: 200 });
    const target = round % 2 === 0 ? other : keyId;
    await done(at(round + 2), "UpdateAlias", { KeyId: target, AliasName: "alias/moving" });
    await sleep(STATED_MS);
    for (const url of others(round + 2)) {
      expect((await encrypt(url, "alias/moving")).json).toMatchObject({ KeyId: target });
    }
  }
});

test("a policy, and an access key that is disabled, enabled or deleted by a command, are obeyed by all servers within 250 ms", async () => {
  const keyId = await createKey();
  const signer = createAccessKey(place, "orders");
  const everywhere = async (expected: object) => {
    await sleep(STATED_MS);
    for (const { url } of servers) expect(await encrypt(url, keyId, signer)).toMatchObject(expected);
  };
  const policy = join(root, "policy.json");
  const statement = { Effect: "Allow", Action: "kms:Decrypt", Resource: "*" };
  writeFileSync(policy, JSON.stringify({ Version: "1", Statement: [statement] }));
  await everywhere({ status: 200 });
  lanelock(place, "access-keys", "disable", signer.accessKeyId);
  await everywhere({ status: 403, json: { Code: "InvalidAccessKeyId.Inactive" } });
  lanelock(place, "access-keys", "enable", signer.accessKeyId);
  await everywhere({ status: 200 });
  lanelock(place, "access-keys", "set-policy", signer.accessKeyId, "--policy", policy);
  await everywhere({ status: 403, json: { Code: "Forbidden.NoPermission" } });
  lanelock(place, "access-keys", "delete", signer.accessKeyId);
  await everywhere({ status: 404, json: { Code: "InvalidAccessKeyId.NotFound" } });
});

test(`one of three servers killed ${KILLS} times under load: everything acknowledged is there and right`, async () => {
  const urls = servers.map(({ url }) => url);
  const load = new AcknowledgedWork({ owner, urls });
  load.start(CLIENTS);
  for (let kill = 0; kill < KILLS; kill++) {
    const before = load.count;
    await expect.poll(() => load.count, { timeout: 120_000 }).toBeGreaterThan(before + 30);
    const victim = kill % servers.length;
    await servers[victim]?.kill();
    await expect.poll(() => load.count, { timeout: 120_000 }).toBeGreaterThan(before + 60);
    const again = await ServerProcess.start(place);
    servers[victim] = again;
    urls[victim] = again.url;
  }
  await load.stop();
  console.log(
    `many-servers: ${KILLS} servers killed, ${load.count} acknowledged, ${load.refused} refusals or cut connections`,
  );
  expect(load.refused).toBeGreaterThan(0);
  for (const { url } of servers) await load.check(url);
});
