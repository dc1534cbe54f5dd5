import { LanelockError } from "lanelock";
import type { KeyStore } from "lanelock/kms";
import { expect, test } from "vitest";
import type { OpenStores } from "./store.ts";
import { alias, anchor, bytes, keyRow } from "./store-rows.ts";

/** What every store must do for processes that work on it at once. */
export function testStoreTransactions(stores: () => OpenStores): void {
  test("a transaction that fails leaves nothing, and says why", async () => {
    const { store, other } = stores();
    await store.write((tx) => tx.addKey(keyRow()));
    const before = await store.changeCounter();
    const reason = new LanelockError("ERR_ARGUMENT", "changed my mind");
    const failing = store.write(async (tx) => {
      await tx.putKey(keyRow({ description: "changed" }));
      await tx.deleteKey("key-a");
      await tx.addAlias(alias());
      await tx.putMeta("m", bytes(1));
      expect(await tx.key("key-a")).toBeUndefined();
      throw reason;
    });
    await expect(failing).rejects.toBe(reason);
    expect(await store.changeCounter()).toBe(before);
    await other.read(async (tx) => {
      expect(await tx.key("key-a")).toEqual(keyRow());
      expect(await tx.alias("alias/a")).toBeUndefined();
      expect(await tx.meta("m")).toBeUndefined();
    });
  });

  test("the change counter tells every process of a write", async () => {
    const { store, other } = stores();
    const before = await other.changeCounter();
    await store.write((tx) => tx.addKey(keyRow()));
    expect(await other.changeCounter()).toBeGreaterThan(before);
    const after = await other.changeCounter();
    await store.reserve({ versionId: "v", mode: "GCM", amount: 1, limit: 9 });
    await store.anchor(anchor());
    await store.read((tx) => tx.key("key-a"));
    expect(await other.changeCounter()).toBe(after);
  });

  test("writers of several processes lose no update", async () => {
    const { store, other } = stores();
    await store.write((tx) => tx.addKey(keyRow({ lastRotatedAt: 0 })));
    const increment = (from: KeyStore) =>
      from.write(async (tx) => {
        const row = await tx.key("key-a");
        if (!row) throw new Error("gone");
        await tx.putKey({ ...row, lastRotatedAt: row.lastRotatedAt + 1 });
      });
    await Promise.all(Array.from({ length: 40 }, (_, i) => increment(i % 2 === 0 ? store : other)));
    expect((await store.read((tx) => tx.key("key-a")))?.lastRotatedAt).toBe(40);
  });

  test("a counter is reserved up to its limit, by all processes together", async () => {
    const { store, other } = stores();
    const take = (from: KeyStore, amount: number) =>
      from.reserve({ versionId: "v", mode: "GCM", amount, limit: 2 ** 32 });
    const got = await Promise.all(Array.from({ length: 10 }, (_, i) => take(i % 2 === 0 ? store : other, 64)));
    expect(got.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, i) => 64 * (i + 1)));
    expect(await take(store, -40)).toBe(600);
    expect(await take(store, 2 ** 32 - 600)).toBe(2 ** 32);
    expect(await take(other, 1)).toBeUndefined();
    expect(await take(other, -1)).toBe(2 ** 32 - 1);
    expect(await take(store, -(2 ** 33))).toBe(0);
    expect(await store.reserve({ versionId: "v", mode: "CBC", amount: 1, limit: 2 })).toBe(1);
  });

  test("an anchor goes forward only, and says so to whoever comes late", async () => {
    const { store, other } = stores();
    expect(await store.anchor(anchor({ sequence: 5, head: bytes(5) }))).toBe(true);
    expect(await other.anchor(anchor({ sequence: 5, head: bytes(5) }))).toBe(true);
    expect(await other.anchor(anchor({ sequence: 2 ** 40, head: bytes(40) }))).toBe(true);
    expect(await store.anchor(anchor({ sequence: 6, head: bytes(6) }))).toBe(false);
    expect(await store.anchor(anchor({ chainId: "chain-2", sequence: 0 }))).toBe(true);
    const anchors = await other.read((tx) => tx.anchors());
    expect(anchors.map(({ chainId, sequence, head }) => [chainId, sequence, head])).toEqual([
      ["chain-1", 2 ** 40, bytes(40)],
      ["chain-2", 0, anchor().head],
    ]);
  });

  test("a claim is exclusive until it is released", async () => {
    const { store, other } = stores();
    const claim = await store.claim("audit-1");
    await claim?.check();
    expect(claim?.lost).toBe(false);
    expect(await other.claim("audit-1")).toBeUndefined();
    const second = await other.claim("audit-2");
    await claim?.release();
    const third = await other.claim("audit-1");
    expect(third).toBeDefined();
    await Promise.all([second?.release(), third?.release()]);
  });

  test("scrubbing and closing keep every row; a closed store says so", async () => {
    const { store, other } = stores();
    await store.write((tx) => tx.addKey(keyRow()));
    await store.scrub();
    await store.close();
    await other.close();
    await expect(store.read((tx) => tx.key("key-a"))).rejects.toMatchObject({ code: "ERR_STORE" });
    await Promise.all([store.open(), other.open()]);
    expect(await store.read((tx) => tx.key("key-a"))).toEqual(keyRow());
  });
}
