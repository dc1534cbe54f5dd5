import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sqlStore } from "lanelock/stores";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { PostgresServer } from "./postgres-server.ts";

// A store opened with `create: false` must be there: a mistyped name makes nothing.

const folder = scratchFolder("open-existing");
let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());

const absent = { code: "ERR_STORE", message: expect.stringMatching(/holds no lanelock store.*lanelock init/) };

test("a file that is not there is refused, and not made", async () => {
  await expect(sqlStore({ path: join(folder, "typo.db"), create: false }).open()).rejects.toMatchObject(absent);
  expect(readdirSync(folder)).toEqual([]);
});

test("a file without a store is refused, and gets no tables", async () => {
  const path = join(folder, "empty.db");
  writeFileSync(path, "", { mode: 0o600 });
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(sqlStore({ path, create: false }).open()).rejects.toMatchObject(absent);
  }
});

test("a PostgreSQL database without a store is refused, and gets no tables", async () => {
  const url = server.createDatabase();
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(sqlStore({ url, create: false }).open()).rejects.toMatchObject(absent);
  }
});

test("a store that is there is opened", async () => {
  for (const place of [{ path: join(folder, "made.db") }, { url: server.createDatabase() }]) {
    const made = sqlStore(place);
    await made.open();
    await made.close();
    const again = sqlStore({ ...place, create: false });
    await again.open();
    expect(await again.read((rows) => rows.metas())).toEqual([]);
    await again.close();
  }
});
