import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Kms, rewrapStore } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import LibsqlDatabase from "libsql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PostgresServer } from "../../stores/postgres-server.ts";
import { createKeyId, openKms, rootKey } from "../open-kms.ts";

// Who gets hold of the old root key must not find keys wrapped under it in the live database.

const newRootKey = new Uint8Array(32).fill(77);
let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());

async function createKeys(kms: Kms): Promise<void> {
  for (let i = 0; i < 8; i++) await createKeyId(kms);
  await kms.close();
}

test("PostgreSQL: no dead row with a key wrapped under the old root key is left when it is changed", async () => {
  const url = server.createDatabase();
  const database = new URL(url).pathname.slice(1);
  await createKeys(await openKms({ store: sqlStore({ url }) }));
  server.sql(database, "create extension pageinspect");
  const handles = server.sql(database, `select encode(handle, 'hex') from lanelock_key_objects`).trim().split("\n");
  const found = () => {
    const tuples = server.sql(
      database,
      `select encode(t_data, 'hex') from generate_series(0, pg_relation_size('lanelock_key_objects') / 8192 - 1) as page,
       heap_page_items(get_raw_page('lanelock_key_objects', page::int)) where lp_len > 0`,
    );
    return handles.filter((handle) => tuples.includes(handle)).length;
  };
  expect([handles.length, found()]).toEqual([8, 8]);
  await rewrapStore({ store: sqlStore({ url }), rootKey, newRootKey });
  expect(found()).toBe(0);
});

test("SQLite: while another process reads, the root key is changed, and the next sweep removes what is left", async () => {
  const directory = mkdtempSync(join(tmpdir(), "lanelock-old-wrapping-"));
  const path = join(directory, "keys.db");
  const options = { store: sqlStore({ path }), audit: false } as const;
  await createKeys(await openKms(options));
  const reader = new LibsqlDatabase(path);
  reader.exec("begin");
  const wrapped = reader.prepare('select "handle" from lanelock_key_objects').all() as { handle: ArrayBuffer }[];
  const handles = wrapped.map(({ handle }) => Buffer.from(handle));
  const found = () => {
    const files = readdirSync(directory).map((name) => readFileSync(join(directory, name)));
    return handles.filter((handle) => files.some((file) => file.includes(handle))).length;
  };
  await rewrapStore({ ...options, store: sqlStore({ path }), rootKey, newRootKey });
  expect([handles.length, found()]).toEqual([8, 8]);
  reader.exec("rollback");
  const kms = await openKms({ ...options, store: sqlStore({ path }), rootKey: newRootKey });
  expect(await kms.sweep()).toEqual({ settled: 0, failed: 0 });
  expect(found()).toBe(0);
  reader.close();
  await kms.close();
  rmSync(directory, { recursive: true });
});
