import type { KeyStore } from "lanelock/kms";
import { beforeEach, describe, expect, test } from "vitest";
import { examineRows } from "../../../src/kms/rows/examine.ts";
import type { RowIndex } from "../../../src/kms/rows/row-index.ts";
import { metaSeal } from "../../../src/kms/rows/row-mac.ts";
import { indexOf } from "../../../src/kms/rows/scan.ts";
import { TrustedWriter } from "../../../src/kms/rows/trusted-writer.ts";
import { ALL, alias, anchor, counter, filledStore, key, keys, object, tag, token, version } from "./sealed-rows.ts";

let store: KeyStore;
let index: RowIndex;
beforeEach(async () => {
  ({ store, index } = await filledStore());
});

describe("a writer", () => {
  const write = <T>(work: (rows: TrustedWriter) => Promise<T>) =>
    store.write(async (rows) => {
      const writer = new TrustedWriter(rows, keys, index);
      const result = await work(writer);
      return { result, changes: writer.changes };
    });
  const hex = (mac: Uint8Array) => Buffer.from(mac).toString("hex");

  test("seals every row that it writes, and records its MAC by its name", async () => {
    const { changes } = await write(async (rows) => {
      await rows.putKey(key("a", { description: "new" }));
      await rows.putAlias(alias("alias/c", "a"));
      await rows.putMeta("fact-a", Uint8Array.of(7));
    });
    expect(Object.fromEntries(changes)).toEqual({
      "key a": hex(key("a", { description: "new" }).mac),
      "alias alias/c": hex(alias("alias/c", "a").mac),
      "meta fact-a": metaSeal(keys, { name: "fact-a", value: Uint8Array.of(7) }),
    });
    index.draft(changes).adopt();
    expect(index.root).toBe((await store.read((rows) => indexOf(rows, keys))).root);
  });

  test("seals rows of every table", async () => {
    const written = {
      ...{ "keyObject a-2 GCM": object("a-2", "GCM"), "tag a z": tag("a", "z"), "importToken t": token("t", "a") },
      ...{ "anchor c": anchor("c", 3), "counter a-2 GCM": counter("a-2", 7), "version a-3": version("a", 3) },
    };
    const { changes } = await write(async (rows) => {
      await rows.putKeyObject(written["keyObject a-2 GCM"]);
      await rows.putTag(written["tag a z"]);
      await rows.putImportToken(written["importToken t"]);
      await rows.putAnchor(written["anchor c"]);
      await rows.putCounter(written["counter a-2 GCM"]);
      await rows.addVersion(written["version a-3"]);
    });
    expect(Object.fromEntries(changes)).toEqual(
      Object.fromEntries(Object.entries(written).map(([name, row]) => [name, hex(row.mac)])),
    );
    index.draft(changes).adopt();
    expect(await store.read((rows) => examineRows(rows, keys, index))).toEqual({ rows: 30, problems: [] });
  });

  test("adds only what is not there, and records only what it added", async () => {
    const { result, changes } = await write(async (rows) => [
      await rows.addKey(key("a", { description: "new" })),
      await rows.addAlias(alias("alias/c", "a")),
      await rows.addVersion(version("a", 1, 9)),
      await rows.addKeyObject(object("a-2", "GCM")),
    ]);
    expect(result).toEqual([false, true, false, true]);
    expect([...changes.keys()]).toEqual(["alias alias/c", "keyObject a-2 GCM"]);
  });

  test("forgets what it deletes, and records nothing for what was not there", async () => {
    const { changes } = await write(async (rows) => {
      await rows.deleteAlias("alias/a");
      await rows.deleteAlias("alias/c");
      await rows.deleteTag({ keyId: "a", tagKey: "x" });
      await rows.deleteTag({ keyId: "a", tagKey: "z" });
      await rows.deleteImportToken("token-a");
      await rows.deleteKeyObjects("a-1");
    });
    const gone = ["alias alias/a", "tag a x", "importToken token-a", "keyObject a-1 GCM", "keyObject a-1 CBC"];
    expect([...changes.keys()].sort()).toEqual(gone.sort());
    expect(new Set(changes.values())).toEqual(new Set([null]));
  });

  test("deletes a key with everything that belongs to it, and nothing else", async () => {
    const { changes } = await write((rows) => rows.deleteKey("a"));
    expect([...changes.keys()].sort()).toEqual(
      [
        ...["key a", "version a-1", "version a-2", "keyObject a-1 GCM", "keyObject a-1 CBC", "alias alias/a"],
        ...["tag a x", "tag a y", "importToken token-a", "counter a-1 GCM"],
      ].sort(),
    );
    index.draft(changes).adopt();
    expect(await store.read((rows) => examineRows(rows, keys, index))).toEqual({ rows: 14, problems: [] });
  });

  test("reads its own changes, in looks of one row and of many", async () => {
    await write(async (rows) => {
      await rows.putTag(tag("a", "z"));
      await rows.deleteTag({ keyId: "a", tagKey: "x" });
      await rows.putTag(tag("a", "y", "new"));
      await rows.deleteTag({ keyId: "b", tagKey: "x" });
      expect((await rows.tags("a")).map(({ tagKey, tagValue }) => tagKey + tagValue)).toEqual(["ynew", "zv"]);
      expect(await rows.tags("b")).toHaveLength(1);
      await rows.putAlias(alias("alias/c", "a"));
      await rows.deleteAlias("alias/b");
      expect((await rows.aliases(ALL)).rows.map(({ aliasName }) => aliasName)).toEqual(["alias/a", "alias/c"]);
      expect(await rows.alias("alias/b")).toBeUndefined();
      await rows.putKey(key("c"));
      await rows.deleteKey("b");
      expect((await rows.keys(ALL)).rows.map(({ keyId }) => keyId)).toEqual(["a", "c"]);
      await rows.putCounter(counter("a-1", 65));
      expect((await rows.counter({ versionId: "a-1", mode: "GCM" }))?.count).toBe(65);
    });
  });
});
