import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type KeyStore, memoryStore, sqlStore } from "lanelock/stores";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { PostgresServer } from "./postgres-server.ts";

const LONG = process.env.LANELOCK_LONG === "1";
const folder = scratchFolder("resources");
let server: PostgresServer;

beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());

const descriptors = () => readdirSync("/proc/self/fd").length;
const handles = () => process.getActiveResourcesInfo().length;
const memory = () => process.memoryUsage().rss / 2 ** 20;

/** One life of a store: opened, read, written, claimed, closed. */
async function cycle(store: KeyStore): Promise<void> {
  await store.open();
  await store.write((rows) => rows.putMeta("a", new Uint8Array(16)));
  await store.read((rows) => rows.keys({ offset: 0, limit: 10 }));
  const claim = await store.claim("audit");
  await claim?.release();
  await store.close();
}

test.each([
  ["memory", 10_000, 10_000, memoryStore],
  ["SQLite", 10_000, 150, () => sqlStore({ path: join(folder, "keys.db") })],
  ["PostgreSQL", 10_000, 60, () => sqlStore({ url: `postgres://lanelock@127.0.0.1:${server.port}/postgres` })],
])(
  "%s: opening and closing leaves no descriptor, no handle and no memory behind",
  async (name, full, reduced, connect) => {
    const cycles = LONG ? full : reduced;
    for (let warmUp = 0; warmUp < 30; warmUp++) await cycle(connect());
    const before = { descriptors: descriptors(), handles: handles(), memory: memory() };
    let most = 0;
    for (let i = 0; i < cycles; i++) {
      await cycle(connect());
      most = Math.max(most, descriptors());
    }
    const after = { descriptors: descriptors(), handles: handles(), memory: memory() };
    console.log(`${name}: ${cycles} cycles, at most ${most} descriptors`, before, after);
    // SQLite's descriptors come and go in groups, as its statements are collected.
    expect(most).toBeLessThan(before.descriptors + 80);
    expect(after.handles).toBeLessThan(before.handles + 10);
    // A leak of one page each would be 40 MiB at full count; the allocator's own growth is less.
    if (LONG) expect(after.memory).toBeLessThan(before.memory + 100);
  },
  // At full count it writes and syncs 10,000 times.
  LONG ? 7_200_000 : 600_000,
);
