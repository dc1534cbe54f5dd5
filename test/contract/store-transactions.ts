import { LanelockError } from "lanelock";
import type { KeyStore } from "lanelock/kms";
import { expect, test } from "vitest";
import type { OpenStores } from "./store.ts";
import { alias, anchor, bytes, counter, keyRow } from "./store-rows.ts";

/** What every store must do for processes that work on it at once. */
export function testStoreTransactions(stores: () => OpenStores): void {
  test("a transaction that fails leaves nothing, and says why", async () => {
    const { store, other } = stores();
    await store.write((tx) => tx.addKey(keyRow()));
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
    await other.read(async (tx) => {
      expect(await tx.key("key-a")).toEqual(keyRow());
      expect(await tx.alias("alias/a")).toBeUndefined();
      expect(await tx.meta("m")).toBeUndefined();
    });
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

  test("anchors and counters are replaced, and anchors deleted", async () => {
    const { store, other } = stores();
    await store.write(async (tx) => {
      await tx.putAnchor(anchor({ sequence: 5 }));
      await tx.putAnchor(anchor({ chainId: "chain-2" }));
      await tx.putCounter(counter({ count: 64 }));
    });
    await other.write(async (tx) => {
      await tx.putAnchor(anchor({ sequence: 2 ** 40, head: bytes(40) }));
      await tx.deleteAnchor("chain-2");
      await tx.putCounter(counter({ count: 128 }));
    });
    await store.read(async (tx) => {
      expect(await tx.anchors()).toEqual([anchor({ sequence: 2 ** 40, head: bytes(40) })]);
      expect(await tx.counters("version-1")).toEqual([counter({ count: 128 })]);
    });
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
