import { type KeyStore, type StoreWriter, verifyStore } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { expect, test } from "vitest";
import { openKms, rootKey } from "../open-kms.ts";
import { firstChapter } from "./life.ts";

// A store such as IndexedDB keeps values of any type. The MAC of a row is over the text of numbers and flags, so a value of another
// type can have the same MAC: the flag `"false"` is true, and 1 added to the count `"5"` is `"51"`.

type Hostile = Readonly<Record<string, unknown>>;

const puts = {
  key: (tx: StoreWriter, row: Hostile) => tx.putKey(row as never),
  version: (tx: StoreWriter, row: Hostile) => tx.putVersion(row as never),
  keyObject: (tx: StoreWriter, row: Hostile) => tx.putKeyObject(row as never),
  alias: (tx: StoreWriter, row: Hostile) => tx.putAlias(row as never),
  tag: (tx: StoreWriter, row: Hostile) => tx.putTag(row as never),
  importToken: (tx: StoreWriter, row: Hostile) => tx.putImportToken(row as never),
  counter: (tx: StoreWriter, row: Hostile) => tx.putCounter(row as never),
};
const tables = Object.keys(puts) as (keyof typeof puts)[];

/** Another value that a MAC cannot distinguish. */
function disguised(value: unknown): unknown {
  return typeof value === "string" ? new TextEncoder().encode(value) : String(value);
}

async function livedIn(): Promise<KeyStore> {
  const store = memoryStore();
  await store.open();
  const kms = await openKms({ store });
  await firstChapter(kms);
  await kms.close();
  return store;
}

test("a value of another type than its column's is noticed, in every column", async () => {
  const store = await livedIn();
  const running = await openKms({ store });
  let tried = 0;
  for (const table of tables) {
    const [row] = (await store.read((rows) => rows.all(table))) as readonly unknown[] as readonly Hostile[];
    if (row === undefined) expect.unreachable(`there is no row of ${table}`);
    for (const [column, value] of Object.entries(row)) {
      if (
        value === null ||
        typeof value === "object" ||
        column.endsWith("Id") ||
        ["mode", "aliasName", "tagKey"].includes(column)
      )
        continue;
      await store.write((tx) => puts[table](tx, { ...row, [column]: disguised(value) }));
      const { problems } = await running.verify();
      expect(problems, `${table}.${column}`).toEqual([expect.stringMatching(/^The row "\w+ .*" is not what was/)]);
      await store.write((tx) => puts[table](tx, row));
      tried++;
    }
  }
  expect(tried).toBeGreaterThan(20);
  expect((await running.verify()).problems).toEqual([]);
  await running.close();
});

test("a count that is a text counts nothing", async () => {
  const store = await livedIn();
  const [counter] = await store.read((rows) => rows.all("counter"));
  if (counter === undefined) expect.unreachable();
  await store.write((tx) => tx.putCounter({ ...counter, count: String(counter.count) as never }));
  const kms = await openKms({ store });
  const { keyId } = (await store.read((rows) => rows.version(counter.versionId))) ?? expect.unreachable();
  const encrypting = kms.encrypt({ keyId, plaintext: new Uint8Array(1) });
  await expect(encrypting).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
  await kms.close();
});

test.each([
  ["a text", "00".repeat(32)],
  ["missing", undefined],
  ["too short", new Uint8Array(31)],
  ["too long", new Uint8Array(4_096)],
])("a MAC that is %s is reported by verifyStore", async (_, mac) => {
  const store = await livedIn();
  const [alias] = await store.read((rows) => rows.all("alias"));
  if (alias === undefined) expect.unreachable();
  // As a store gives it that does not know what a MAC is.
  const hostile = new Proxy(store, {
    get(target, name) {
      if (name !== "read" && name !== "write") return Reflect.get(target, name).bind(target);
      return (work: (rows: unknown) => Promise<unknown>) => target[name]((rows) => work(withMac(rows)));
    },
  });
  const withMac = (rows: object) =>
    new Proxy(rows, {
      get(target, name) {
        const own = Reflect.get(target, name);
        if (name !== "all") return own.bind(target);
        return async (table: string) => {
          const found: readonly object[] = await own.call(target, table);
          return table === "alias" ? found.map((row) => ({ ...row, mac })) : found;
        };
      },
    });
  const { problems } = await verifyStore({ store: hostile, rootKey });
  expect(problems).toContainEqual(expect.stringMatching(/^The row "alias .*" is not what was written there/));
});
