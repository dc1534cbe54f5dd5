import type { KeyRow, TableName } from "lanelock/kms";
import { expect, test } from "vitest";
import type { OpenStores } from "./store.ts";
import {
  alias,
  anchor,
  bytes,
  counter,
  everything,
  importToken,
  keyObject,
  keyRow,
  tag,
  version,
} from "./store-rows.ts";

/** What every store must do with rows. */
export function testStoreContent(stores: () => OpenStores): void {
  test("rows come back as they went in, from another process too", async () => {
    const { store, other } = stores();
    const rows = {
      key: keyRow({
        description: 'Ünïcode 𝄞 "quoted" \\ line\nbreak',
        deleteAt: 2 ** 52,
        materialExpiresAt: 0,
        rotationEnabled: true,
        rotationSeconds: 63_072_000,
        deletionProtected: true,
        materialFingerprint: bytes(0, 1, 2),
        seeded: true,
      }),
      version: version(),
      object: keyObject({ publicKey: bytes() }),
      alias: alias(),
      token: importToken(),
      anchor: anchor({ sequence: 2 ** 40 }),
      tag: tag({ tagValue: "" }),
      counter: counter(),
    };
    await store.write(async (tx) => {
      expect(await tx.addKey(rows.key)).toBe(true);
      expect(await tx.addVersion(rows.version)).toBe(true);
      expect(await tx.addKeyObject(rows.object)).toBe(true);
      expect(await tx.addAlias(rows.alias)).toBe(true);
      await tx.putTag(rows.tag);
      await tx.putImportToken(rows.token);
      await tx.putMeta("m", bytes(0, 9));
      await tx.putAnchor(rows.anchor);
      await tx.putCounter(rows.counter);
    });
    await other.read(async (tx) => {
      expect(await tx.key("key-a")).toEqual(rows.key);
      expect(await tx.keyByFingerprint(bytes(0, 1, 2))).toEqual(rows.key);
      expect(await tx.version("version-1")).toEqual(rows.version);
      expect(await tx.keyObject({ versionId: "version-1", mode: "GCM" })).toEqual(rows.object);
      expect(await tx.alias("alias/a")).toEqual(rows.alias);
      expect(await tx.tags("key-a")).toEqual([rows.tag]);
      expect(await tx.importToken("token-1")).toEqual(rows.token);
      expect(await tx.anchors()).toEqual([rows.anchor]);
      expect(await tx.meta("m")).toEqual(bytes(0, 9));
      expect(await tx.metas()).toEqual([{ name: "m", value: bytes(0, 9) }]);
      expect(await tx.counter({ versionId: "version-1", mode: "GCM" })).toEqual(rows.counter);
      expect(await tx.counters("version-1")).toEqual([rows.counter]);
      const all = [tx.all("key"), tx.all("version"), tx.all("keyObject"), tx.all("alias"), tx.all("tag")] as const;
      expect(await Promise.all(all)).toEqual([[rows.key], [rows.version], [rows.object], [rows.alias], [rows.tag]]);
      expect(await Promise.all([tx.all("importToken"), tx.all("anchor"), tx.all("counter")])).toEqual([
        [rows.token],
        [rows.anchor],
        [rows.counter],
      ]);
    });
  });

  test("names and MACs of all rows come at once, in hex", async () => {
    const { store, other } = stores();
    const mac = Uint8Array.from({ length: 32 }, (_, i) => 255 - i);
    const hex = Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join("");
    await store.write(async (tx) => {
      for (let i = 0; i < 300; i++) await tx.addKey(keyRow({ keyId: `key-${i}`, mac }));
      await tx.addVersion(version({ mac }));
      await tx.addKeyObject(keyObject({ mac }));
      await tx.addAlias(alias({ mac }));
      await tx.putTag(tag({ tagKey: "a / b", mac }));
      await tx.putImportToken(importToken({ mac }));
      await tx.putAnchor(anchor({ mac }));
      await tx.putCounter(counter({ mac }));
    });
    await other.read(async (tx) => {
      const seals = async (table: TableName) => {
        const found: [string, string][] = [];
        await tx.seals(table, (name, mac) => found.push([name, mac]));
        return found;
      };
      const keys = await seals("key");
      expect(keys.map(([name]) => name).sort()).toEqual(Array.from({ length: 300 }, (_, i) => `key key-${i}`).sort());
      expect(new Set(keys.map(([, found]) => found))).toEqual(new Set([hex]));
      expect(await seals("version")).toEqual([["version version-1", hex]]);
      expect(await seals("keyObject")).toEqual([["keyObject version-1 GCM", hex]]);
      expect(await seals("alias")).toEqual([["alias alias/a", hex]]);
      expect(await seals("tag")).toEqual([["tag key-a a / b", hex]]);
      expect(await seals("importToken")).toEqual([["importToken token-1", hex]]);
      expect(await seals("anchor")).toEqual([["anchor chain-1", hex]]);
      expect(await seals("counter")).toEqual([["counter version-1 GCM", hex]]);
    });
  });

  test("rows that are not there are undefined or none", async () => {
    const { store } = stores();
    await store.read(async (tx) => {
      expect(await tx.meta("m")).toBeUndefined();
      expect(await tx.key("k")).toBeUndefined();
      expect(await tx.keys(everything)).toEqual({ rows: [], total: 0 });
      expect(await tx.keyByFingerprint(bytes(1))).toBeUndefined();
      expect(await tx.version("v")).toBeUndefined();
      expect(await tx.versions("k", everything)).toEqual({ rows: [], total: 0 });
      expect(await tx.keyObject({ versionId: "v", mode: "CBC" })).toBeUndefined();
      expect(await tx.keyObjects("v")).toEqual([]);
      expect(await tx.alias("alias/x")).toBeUndefined();
      expect(await tx.aliases(everything)).toEqual({ rows: [], total: 0 });
      expect(await tx.tags("k")).toEqual([]);
      expect(await tx.importToken("t")).toBeUndefined();
      expect(await tx.importTokens({})).toEqual([]);
      expect(await tx.anchors()).toEqual([]);
      expect(await tx.counter({ versionId: "v", mode: "GCM" })).toBeUndefined();
      expect(await tx.counters("v")).toEqual([]);
      expect(await tx.metas()).toEqual([]);
      expect(await tx.all("key")).toEqual([]);
      await tx.seals("key", (name) => expect.unreachable(name));
    });
  });

  test("add refuses an existing row, put replaces it", async () => {
    const { store, other } = stores();
    await store.write(async (tx) => {
      await tx.addKey(keyRow());
      await tx.addVersion(version());
      await tx.addKeyObject(keyObject());
      await tx.addAlias(alias());
    });
    await other.write(async (tx) => {
      expect(await tx.addKey(keyRow({ description: "2" }))).toBe(false);
      expect(await tx.addVersion(version({ ordinal: 2 }))).toBe(false);
      expect(await tx.addKeyObject(keyObject({ handle: bytes(1) }))).toBe(false);
      expect(await tx.addAlias(alias({ keyId: "key-b" }))).toBe(false);
      await tx.putKey(keyRow({ state: "Disabled" }));
      await tx.putVersion(version({ mac: bytes(9) }));
      await tx.putKeyObject(keyObject({ handle: bytes(2) }));
      await tx.putAlias(alias({ keyId: "key-c" }));
    });
    await store.read(async (tx) => {
      expect(await tx.key("key-a")).toEqual(keyRow({ state: "Disabled" }));
      expect(await tx.version("version-1")).toEqual(version({ mac: bytes(9) }));
      expect((await tx.keyObject({ versionId: "version-1", mode: "GCM" }))?.handle).toEqual(bytes(2));
      expect((await tx.alias("alias/a"))?.keyId).toBe("key-c");
    });
  });

  test("keys are paged by age, then id, and filtered", async () => {
    const { store } = stores();
    await store.write(async (tx) => {
      for (let i = 0; i < 7; i++) {
        await tx.addKey(
          keyRow({
            keyId: `key-${i}`,
            createdAt: i < 3 ? 100 : 200 - i,
            keySpec: i % 2 === 0 ? "Aliyun_AES_256" : "RSA_2048",
            state: i === 6 ? "Disabled" : "Enabled",
          }),
        );
      }
      await tx.putTag(tag({ keyId: "key-2", tagKey: "team", tagValue: "red" }));
      await tx.putTag(tag({ keyId: "key-3", tagKey: "team", tagValue: "blue" }));
      await tx.addAlias(alias({ aliasName: "alias/x", keyId: "key-5" }));
    });
    const ids = (page: { rows: readonly KeyRow[] }) => page.rows.map((row) => row.keyId);
    await store.read(async (tx) => {
      const all = ["key-0", "key-1", "key-2", "key-6", "key-5", "key-4", "key-3"];
      expect(ids(await tx.keys(everything))).toEqual(all);
      expect(ids(await tx.keys({ offset: 2, limit: 3 }))).toEqual(all.slice(2, 5));
      expect(await tx.keys({ offset: 7, limit: 3 })).toEqual({ rows: [], total: 7 });
      expect(ids(await tx.keys(everything, [{ column: "keySpec", values: ["RSA_2048"] }]))).toEqual([
        "key-1",
        "key-5",
        "key-3",
      ]);
      const both = await tx.keys({ offset: 0, limit: 1 }, [
        { column: "keySpec", values: ["Aliyun_AES_256", "nothing"] },
        { column: "state", values: ["Enabled"] },
      ]);
      expect([ids(both), both.total]).toEqual([["key-0"], 3]);
      expect(ids(await tx.keys(everything, [{ column: "tagKey", values: ["team"] }]))).toEqual(["key-2", "key-3"]);
      expect(ids(await tx.keys(everything, [{ column: "tagValue", values: ["blue"] }]))).toEqual(["key-3"]);
      expect(ids(await tx.keys(everything, [{ column: "aliasName", values: ["alias/x"] }]))).toEqual(["key-5"]);
      expect(ids(await tx.keys(everything, [{ column: "keyId", values: ["key-1", "'; drop table"] }]))).toEqual([
        "key-1",
      ]);
    });
  });

  test("versions, aliases, tags and tokens come in order", async () => {
    const { store } = stores();
    await store.write(async (tx) => {
      for (const ordinal of [2, 10, 1]) await tx.addVersion(version({ versionId: `v-${ordinal}`, ordinal }));
      for (const name of ["alias/b", "alias/B", "alias/a", "alias/-"]) await tx.addAlias(alias({ aliasName: name }));
      await tx.addAlias(alias({ aliasName: "alias/z", keyId: "key-b" }));
      for (const tagKey of ["b", "A", "a"]) await tx.putTag(tag({ keyId: "key-a", tagKey, tagValue: "1" }));
      await tx.putTag(tag({ keyId: "key-a", tagKey: "b", tagValue: "2" }));
      await tx.deleteTag({ keyId: "key-a", tagKey: "a" });
      await tx.putImportToken(importToken({ tokenId: "t-2", expiresAt: 10 }));
      await tx.putImportToken(importToken({ tokenId: "t-1", expiresAt: 20 }));
    });
    await store.read(async (tx) => {
      expect((await tx.versions("key-a", everything)).rows.map((row) => row.ordinal)).toEqual([1, 2, 10]);
      expect((await tx.versions("key-a", { offset: 1, limit: 1 })).rows.map((row) => row.ordinal)).toEqual([2]);
      const names = (await tx.aliases(everything, "key-a")).rows.map((row) => row.aliasName);
      expect(names).toEqual(["alias/-", "alias/B", "alias/a", "alias/b"]);
      expect((await tx.aliases({ offset: 4, limit: 9 })).rows.map((row) => row.aliasName)).toEqual(["alias/z"]);
      expect((await tx.tags("key-a")).map((row) => row.tagKey + row.tagValue)).toEqual(["A1", "b2"]);
      expect((await tx.importTokens({ expiredAt: 10 })).map((row) => row.tokenId)).toEqual(["t-2"]);
      expect((await tx.importTokens({ keyId: "key-a" })).map((row) => row.tokenId)).toEqual(["t-1", "t-2"]);
    });
  });

  test("finds due keys, and no others", async () => {
    const { store } = stores();
    const day = 86_400_000;
    await store.write(async (tx) => {
      const rotating = { rotationEnabled: true, rotationSeconds: 86_400, lastRotatedAt: 0 };
      await tx.addKey(keyRow({ keyId: "deletion", state: "PendingDeletion", deleteAt: day }));
      await tx.addKey(keyRow({ keyId: "expiry", materialExpiresAt: day }));
      await tx.addKey(keyRow({ keyId: "rotation", ...rotating }));
      await tx.addKey(keyRow({ keyId: "disabled", ...rotating, state: "Disabled" }));
      await tx.addKey(keyRow({ keyId: "later", ...rotating, lastRotatedAt: 1 }));
      await tx.addKey(keyRow({ keyId: "off", ...rotating, rotationEnabled: false }));
    });
    await store.read(async (tx) => {
      expect(await tx.dueKeys(day - 1, 10)).toEqual([]);
      const due = (await tx.dueKeys(day, 10)).map((row) => row.keyId).sort();
      expect(due).toEqual(["deletion", "expiry", "rotation"]);
      expect(await tx.dueKeys(day, 2)).toHaveLength(2);
    });
  });

  test("deleting a key takes all that belongs to it, and nothing else", async () => {
    const { store } = stores();
    await store.write(async (tx) => {
      for (const id of ["a", "b"]) {
        await tx.addKey(keyRow({ keyId: `key-${id}` }));
        await tx.addVersion(version({ versionId: `v-${id}`, keyId: `key-${id}` }));
        await tx.addKeyObject(keyObject({ versionId: `v-${id}` }));
        await tx.addKeyObject(keyObject({ versionId: `v-${id}`, mode: "CBC" }));
        await tx.addAlias(alias({ aliasName: `alias/${id}`, keyId: `key-${id}` }));
        await tx.putTag(tag({ keyId: `key-${id}` }));
        await tx.putImportToken(importToken({ tokenId: `t-${id}`, keyId: `key-${id}` }));
        for (const mode of ["GCM", "CBC"] as const) await tx.putCounter(counter({ versionId: `v-${id}`, mode }));
      }
    });
    await store.write((tx) => tx.deleteKey("key-a"));
    await store.read(async (tx) => {
      for (const [id, there] of [
        ["a", 0],
        ["b", 1],
      ] as const) {
        expect([await tx.key(`key-${id}`)].filter(Boolean)).toHaveLength(there);
        expect([await tx.version(`v-${id}`)].filter(Boolean)).toHaveLength(there);
        expect(await tx.keyObjects(`v-${id}`)).toHaveLength(there * 2);
        expect([await tx.alias(`alias/${id}`)].filter(Boolean)).toHaveLength(there);
        expect(await tx.tags(`key-${id}`)).toHaveLength(there);
        expect(await tx.importTokens({ keyId: `key-${id}` })).toHaveLength(there);
        expect(await tx.counters(`v-${id}`)).toHaveLength(there * 2);
      }
    });
  });

  test("rows given out and taken in are copies", async () => {
    const { store } = stores();
    const row = keyRow({ materialFingerprint: bytes(1, 2) });
    await store.write((tx) => tx.addKey(row));
    row.materialFingerprint?.fill(9);
    const read = await store.read((tx) => tx.key("key-a"));
    expect(read?.materialFingerprint).toEqual(bytes(1, 2));
    read?.materialFingerprint?.fill(7);
    expect((await store.read((tx) => tx.key("key-a")))?.materialFingerprint).toEqual(bytes(1, 2));
  });
}
