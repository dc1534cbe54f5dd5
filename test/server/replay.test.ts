import { join } from "node:path";
import type { KeyStore } from "lanelock/kms";
import { serve } from "lanelock/server";
import { sqlStore } from "lanelock/stores";
import { expect, test } from "vitest";
import { RateLimiter } from "../../src/server/http/rate-limit.ts";
import { openKms } from "../kms/open-kms.ts";
import { PostgresServer } from "../stores/postgres-server.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { startServer } from "./harness.ts";
import { send, signedPath } from "./signed.ts";

const used = { status: 400, json: { Code: "SignatureNonceUsed" } };

test("a request is taken once, and refused when its time is more than 15 minutes away", async () => {
  await using running = await startServer();
  const { url } = running.server;
  const path = signedPath(running.owner, "ListKeys");
  expect(await send(url, path)).toMatchObject({ status: 200 });
  expect(await send(url, path)).toMatchObject(used);
  for (const minutes of [-16, 16]) {
    const late = signedPath(running.owner, "ListKeys", {}, { at: Date.now() + minutes * 60_000 });
    expect(await send(url, late)).toMatchObject({ status: 400, json: { Code: "IllegalTimestamp" } });
  }
  for (const minutes of [-14, 14]) {
    const good = signedPath(running.owner, "ListKeys", {}, { at: Date.now() + minutes * 60_000 });
    expect(await send(url, good)).toMatchObject({ status: 200 });
  }
});

test("a request that is refused for its signature takes no nonce from the one it imitates", async () => {
  await using running = await startServer();
  const path = signedPath(running.owner, "ListKeys");
  const forged = path.replace(/Signature=[^&]*$/, "Signature=AAAAAAAAAAAAAAAAAAAAAAAAAAA%3D");
  expect(await send(running.server.url, forged)).toMatchObject({ json: { Code: "SignatureDoesNotMatch" } });
  expect(await send(running.server.url, path)).toMatchObject({ status: 200 });
});

test("someone who sends recorded requests again uses up nothing of their owner's rate limit", async () => {
  await using running = await startServer({ rateLimit: { perSecond: 1, burst: 4 } });
  const { url } = running.server;
  const recorded = signedPath(running.owner, "ListKeys");
  expect(await send(url, recorded)).toMatchObject({ status: 200 });
  for (let i = 0; i < 40; i++) expect(await send(url, recorded)).toMatchObject(used);
  const old = signedPath(running.owner, "ListKeys", {}, { at: Date.now() - 16 * 60_000 });
  for (let i = 0; i < 40; i++) expect(await send(url, old)).toMatchObject({ json: { Code: "IllegalTimestamp" } });
  for (let i = 0; i < 3; i++) {
    expect(await send(url, signedPath(running.owner, "ListKeys"))).toMatchObject({ status: 200 });
  }
  // A control: the owner's own requests count.
  const own = Array.from({ length: 40 }, () => send(url, signedPath(running.owner, "ListKeys")));
  const statuses = (await Promise.all(own)).map(({ status }) => status);
  expect(statuses).toContain(429);
});

test("a request that is sent again gives back what it was counted, and no more than the burst", () => {
  const rates = new RateLimiter({ perSecond: 1, burst: 2 });
  rates.returnOne("nobody");
  expect([rates.admits("a", 0), rates.admits("a", 0), rates.admits("a", 0)]).toEqual([true, true, false]);
  rates.returnOne("a");
  expect([rates.admits("a", 0), rates.admits("a", 0)]).toEqual([true, false]);
  for (let i = 0; i < 5; i++) rates.returnOne("a");
  expect([rates.admits("a", 0), rates.admits("a", 0), rates.admits("a", 0)]).toEqual([true, true, false]);
});

async function isTakenOnceByTwo(makeStore: () => KeyStore): Promise<void> {
  const [one, two] = [
    await openKms({ store: makeStore(), audit: false }),
    await openKms({ store: makeStore(), audit: false }),
  ];
  const [first, second] = [await serve({ kms: one }), await serve({ kms: two, checkMilliseconds: 0 })];
  const owner = await first.accessKeys.create({ name: "owner" });
  const path = signedPath(owner, "ListKeys");
  expect(await send(first.url, path)).toMatchObject({ status: 200 });
  expect(await send(second.url, path)).toMatchObject(used);
  const both = signedPath(owner, "ListKeys");
  const statuses = await Promise.all(
    [first, second, first, second].map(async ({ url }) => (await send(url, both)).status),
  );
  expect(statuses.sort()).toEqual([200, 400, 400, 400]);
  for (const server of [first, second]) await server.close();
  for (const kms of [one, two]) await kms.close();

  const again = await openKms({ store: makeStore(), audit: false });
  const third = await serve({ kms: again });
  expect(await send(third.url, path)).toMatchObject(used);
  await third.close();
  await again.close();
}

// The folder is made when the file is loaded: it goes when its tests have ended.
const path = join(scratchFolder("replay"), "keys.db");

test("two servers on one SQLite file take a request once, and remember it when they are started again", () =>
  isTakenOnceByTwo(() => sqlStore({ path })));

test("two servers on one PostgreSQL take a request once, and remember it when they are started again", async () => {
  const postgres = await PostgresServer.start();
  try {
    const url = postgres.createDatabase();
    await isTakenOnceByTwo(() => sqlStore({ url }));
  } finally {
    await postgres.stop();
  }
});
