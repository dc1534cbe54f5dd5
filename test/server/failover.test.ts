import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { PostgresServer } from "../stores/postgres-server.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { AcknowledgedWork } from "./acknowledged-work.ts";
import { Haproxy } from "./haproxy.ts";
import { createAccessKey, lanelock, ServerProcess } from "./server-process.ts";
import { type Signer, send, signedPath } from "./signed.ts";

const RUNS = process.env.LANELOCK_LONG === "1" ? 5 : 1;
const CLIENTS = 6;
/** Ten times the ten seconds that docs/operations-guide.md states. */
const PATIENCE_MS = 100_000;

const root = scratchFolder("failover");
const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of cleanUp.splice(0).reverse()) await end();
});

/** Waits until a server acknowledges a new key, and gives the milliseconds since `start`. */
async function backAfter(url: string, owner: Signer, start: number): Promise<number> {
  for (;;) {
    const { status } = await send(url, signedPath(owner, "CreateKey"));
    if (status === 200) return performance.now() - start;
    if (performance.now() - start > PATIENCE_MS) throw new Error("the service did not come back by itself");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Tries again while the proxy takes the primary for dead: on a busy machine one of its checks may come too late. */
async function onceReached<T>(attempt: () => T): Promise<T> {
  for (const start = performance.now(); ; ) {
    try {
      return attempt();
    } catch (error) {
      if (!String(error).includes("cannot be reached") || performance.now() - start > PATIENCE_MS) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

test(`primary killed and standby promoted under load, ${RUNS} times: nothing acknowledged is lost, and service returns by itself`, async () => {
  for (let run = 0; run < RUNS; run++) {
    const primary = await PostgresServer.start();
    cleanUp.push(() => primary.stop());
    const database = new URL(primary.createDatabase()).pathname;
    const standby = await PostgresServer.standbyOf(primary);
    cleanUp.push(() => standby.stop());
    const proxy = await Haproxy.start(primary.port, standby.port);
    cleanUp.push(() => proxy.stop());
    const url = `postgres://lanelock@127.0.0.1:${proxy.port}${database}`;
    const place = { home: join(root, `home-${run}`), url };
    // The proxy needs a moment to find the primary.
    await expect.poll(() => storeMade(place), { timeout: PATIENCE_MS }).toBe(true);
    const owner = await onceReached(() => createAccessKey(place, "owner"));
    const audit = ["--audit", join(place.home, "audit.jsonl")];
    const servers = await Promise.all([1, 2].map(() => ServerProcess.start(place, ...audit)));
    for (const server of servers) cleanUp.push(() => server.kill());

    const work = new AcknowledgedWork({ owner, urls: servers.map((server) => server.url) });
    work.start(CLIENTS);
    await expect.poll(() => work.count, { timeout: PATIENCE_MS }).toBeGreaterThan(60);
    await primary.kill();
    const before = work.count;
    const promoted = performance.now();
    standby.promote();
    const times = await Promise.all(servers.map((server) => backAfter(server.url, owner, promoted)));
    await expect.poll(() => work.count, { timeout: PATIENCE_MS }).toBeGreaterThan(before + 60);
    await work.stop();
    const seconds = times.map((time) => (time / 1_000).toFixed(1)).join(" s and ");
    console.log(`failover: ${before} acknowledged before, ${work.count} in all; back ${seconds} s after the promotion`);

    for (const server of servers) await work.check(server.url);
    for (const server of servers) await server.stop();
    expect(lanelock(place, "verify", ...audit)).toMatch(/ok/i);
  }
});

/** Tries to make the store, which fails while the proxy knows no primary. */
function storeMade(place: { readonly home: string; readonly url: string }): boolean {
  try {
    lanelock(place, "init");
    return true;
  } catch (error) {
    return /exists/.test(String(error));
  }
}
