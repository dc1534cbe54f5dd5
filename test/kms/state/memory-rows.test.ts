import type { KeyStore, StoreWriter } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { expect, test } from "vitest";
import { openKms } from "../open-kms.ts";
import { firstChapter, secondChapter } from "./life.ts";

/** Rows of a store in memory, and how each is put back. */
async function rowsOf(store: KeyStore) {
  return store.read(async (rows) => {
    const all = {
      key: await rows.all("key"),
      version: await rows.all("version"),
      keyObject: await rows.all("keyObject"),
      alias: await rows.all("alias"),
      tag: await rows.all("tag"),
      importToken: await rows.all("importToken"),
      counter: await rows.all("counter"),
    };
    const metas = (await rows.metas()).filter(({ name }) => name !== "root-check");
    const puts: (readonly [name: string, put: (tx: StoreWriter) => Promise<void>])[] = [
      ...all.key.map((row) => [`key ${row.keyId}`, (tx: StoreWriter) => tx.putKey(row)] as const),
      ...all.version.map((row) => [`version ${row.versionId}`, (tx: StoreWriter) => tx.putVersion(row)] as const),
      ...all.keyObject.map((row) => [`keyObject ${row.versionId}`, (tx: StoreWriter) => tx.putKeyObject(row)] as const),
      ...all.alias.map((row) => [`alias ${row.aliasName}`, (tx: StoreWriter) => tx.putAlias(row)] as const),
      ...all.tag.map((row) => [`tag ${row.keyId} ${row.tagKey}`, (tx: StoreWriter) => tx.putTag(row)] as const),
      ...all.importToken.map(
        (row) => [`importToken ${row.tokenId}`, (tx: StoreWriter) => tx.putImportToken(row)] as const,
      ),
      ...all.counter.map((row) => [`counter ${row.versionId}`, (tx: StoreWriter) => tx.putCounter(row)] as const),
      ...metas.map(({ name, value }) => [`meta ${name}`, (tx: StoreWriter) => tx.putMeta(name, value)] as const),
    ];
    const texts = new Map(
      Object.values(all).flatMap((rows) => rows.map((row) => [JSON.stringify(row), true] as const)),
    );
    return { puts, texts, metas: new Map(metas.map(({ name, value }) => [name, value.join()])) };
  });
}

test("rows of a store in memory that are put back are noticed: at the next opening, and by verify() at once", async () => {
  const store = memoryStore();
  await store.open();
  const kms = await openKms({ store });
  const life = await firstChapter(kms);
  const older = await rowsOf(store);
  await secondChapter(kms, life);
  await kms.close();
  let noticed = 0;
  for (const [name, put] of older.puts) {
    const running = await openKms({ store });
    const before = await rowsOf(store);
    await store.write(put);
    const after = await rowsOf(store);
    const changed = [...after.texts.keys()].some((text) => !before.texts.has(text)) || !same(before.metas, after.metas);
    expect({ name, ok: (await running.verify()).ok }).toEqual({ name, ok: !changed });
    if (changed) {
      await expect(openKms({ store }), name).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
      noticed++;
    }
    await store.write(async (tx) => {
      for (const [, undo] of before.puts) await undo(tx);
      if (!before.puts.some(([there]) => there === name)) await remove(tx, name);
    });
    await running.close().catch(() => undefined);
  }
  expect(noticed).toBeGreaterThan(5);
  await (await openKms({ store })).close();
});

function same(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return [...a].every(([name, value]) => b.get(name) === value);
}

/** A row that was added again, being gone from the newer store. */
async function remove(tx: StoreWriter, name: string): Promise<void> {
  const [table, first = "", second = ""] = name.split(" ");
  if (table === "alias") await tx.deleteAlias(first);
  else if (table === "tag") await tx.deleteTag({ keyId: first, tagKey: second });
  else throw new Error(`${name} is not one that goes`);
}
