import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { KeyStore } from "lanelock/kms";
import { memoryStore, sqlStore } from "lanelock/stores";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { StoreWriter, TableName, Tables } from "../../../src/kms/ports/index.ts";
import { openKms } from "../open-kms.ts";

// The rows of stores that lanelock 0.1 made, in a store in memory: quick enough to change one of each table.

const vectors = fileURLToPath(new URL("../../vectors/store-0.1/", import.meta.url));
const TABLES = ["key", "version", "keyObject", "alias", "importToken", "anchor", "tag", "counter"] as const;
/** Rows that had no MAC then. */
const UNSEALED: readonly TableName[] = ["tag", "counter"];
type Rows = { readonly [T in TableName]: readonly Tables[T][] };

const METHODS = {
  key: "putKey",
  version: "putVersion",
  keyObject: "putKeyObject",
  alias: "putAlias",
  importToken: "putImportToken",
  anchor: "putAnchor",
  tag: "putTag",
  counter: "putCounter",
} as const;
const put = (rows: StoreWriter, table: TableName, row: Tables[TableName]) => rows[METHODS[table]](row as never);

async function readOld(name: string) {
  const directory = mkdtempSync(join(tmpdir(), "lanelock-upgraded-"));
  const path = join(directory, "keys.db");
  copyFileSync(`${vectors}${name}.db`, path);
  const store = sqlStore({ path });
  await store.open();
  try {
    return await store.read(async (rows) => {
      const tables: Partial<Record<TableName, unknown>> = {};
      for (const table of TABLES) tables[table] = await rows.all(table);
      return { tables: tables as Rows, metas: await rows.metas() };
    });
  } finally {
    await store.close();
    rmSync(directory, { recursive: true });
  }
}

describe.each(["plain", "rewrapped"])("a store of lanelock 0.1, %s,", (name) => {
  const facts: { keyId: string; blobs: string[] } = JSON.parse(readFileSync(`${vectors}${name}.json`, "utf8"));
  let old: Awaited<ReturnType<typeof readOld>>;
  let store: KeyStore;
  beforeAll(async () => {
    old = await readOld(name);
  });
  beforeEach(async () => {
    store = memoryStore();
    await store.open();
    await store.write(async (rows) => {
      for (const { name: meta, value } of old.metas) await rows.putMeta(meta, value);
      for (const table of TABLES) for (const row of old.tables[table]) await put(rows, table, row);
    });
  });

  const open = () => openKms({ store, audit: false });
  const state = () => store.read((rows) => rows.meta("state"));

  test("is upgraded when it is opened, once, and works", async () => {
    expect(await state()).toBeUndefined();
    for (let times = 0; times < 2; times++) {
      await using kms = await open();
      for (const [index, blob] of facts.blobs.entries()) {
        const request = { ciphertextBlob: new Uint8Array(Buffer.from(blob, "hex")) };
        const opened = await kms.decrypt(index === 0 ? { ...request, encryptionContext: { a: "1" } } : request);
        expect(new TextDecoder().decode(opened.plaintext)).toBe(`version ${index + 1}`);
      }
      expect((await kms.listResourceTags({ keyId: facts.keyId })).tags).toHaveLength(1);
      // The chain of its log may be older than its root key.
      const files = [`${vectors}${name}.db.audit.jsonl`];
      expect(await kms.verify({ files })).toMatchObject({ ok: true, problems: [] });
    }
    const upgraded = await state();
    await (await open()).close();
    expect(await state()).toEqual(upgraded);
    for (const table of UNSEALED) {
      for (const row of await store.read((rows) => rows.all(table))) expect(row.mac).toHaveLength(32);
    }
  });

  test("counts on where it counted", async () => {
    await (await open()).close();
    const counts = (rows: Rows["counter"]) => rows.map(({ versionId, count }) => `${versionId} ${count}`).sort();
    expect(counts(await store.read((rows) => rows.all("counter")))).toEqual(counts(old.tables.counter));
    expect(old.tables.counter.length).toBeGreaterThan(0);
  });

  test.each(TABLES)("is refused with a changed row of %s, unless such rows had no MAC", async (table) => {
    const [row] = old.tables[table];
    if (row === undefined) throw new Error(`no row of ${table}`);
    const mac = row.mac.length === 0 ? new Uint8Array(32) : row.mac.map((byte, at) => (at === 31 ? byte ^ 1 : byte));
    await store.write((rows) => put(rows, table, { ...row, mac } as never));
    if (UNSEALED.includes(table)) {
      await (await open()).close();
      return;
    }
    await expect(open()).rejects.toMatchObject({ code: "ERR_INTEGRITY", message: expect.stringContaining(table) });
    expect(await state()).toBeUndefined();
    await store.write((rows) => put(rows, table, row as never));
    await (await open()).close();
  });
});
