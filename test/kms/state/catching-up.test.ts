import type { KeyStore, Kms, StoreReader } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { beforeEach, describe, expect, test } from "vitest";
import { createKeyId, openKms } from "../open-kms.ts";

/** A store that counts how often the MACs of a table are read. */
function counting(store: KeyStore): { store: KeyStore; scans: () => number } {
  let scans = 0;
  const counted = <R extends StoreReader>(rows: R): R =>
    new Proxy(rows, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...given: unknown[]) => {
          if (name === "seals") scans++;
          return value.apply(target, given);
        };
      },
    });
  const shared = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name !== "read" && name !== "write") return value.bind(target);
      return (work: (rows: StoreReader) => Promise<unknown>) =>
        value.call(target, (rows: StoreReader) => work(counted(rows)));
    },
  });
  return { store: shared, scans: () => scans };
}

describe("a process that finds the changes of another", () => {
  let one: Kms;
  let other: Kms;
  let scans: () => number;
  beforeEach(async () => {
    const inner = memoryStore();
    one = await openKms({ store: inner });
    const watched = counting(inner);
    ({ scans } = watched);
    other = await openKms({ store: watched.store, cache: { checkMilliseconds: 0 } });
    return async () => void (await Promise.all([one.close(), other.close()]));
  });

  test("takes the latest ones from the state, without reading every row", async () => {
    const keyId = await createKeyId(one);
    await other.describeKey({ keyId });
    const before = scans();
    for (const description of ["a", "b", "c"]) {
      await one.updateKeyDescription({ keyId, description });
      await one.createAlias({ keyId, aliasName: `alias/${description}` });
      expect((await other.describeKey({ keyId: `alias/${description}` })).keyMetadata.description).toBe(description);
    }
    await one.deleteAlias({ aliasName: "alias/a" });
    await expect(other.describeKey({ keyId: "alias/a" })).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
    expect(scans()).toBe(before);
  });

  test("reads every row when more has changed than the state tells", async () => {
    const keyId = await createKeyId(one);
    await other.describeKey({ keyId });
    const before = scans();
    // Three rows each.
    for (let i = 0; i < 40; i++) await one.createKey({});
    for (let i = 0; i < 40; i++) await one.createAlias({ keyId, aliasName: `alias/number-${i}` });
    expect((await other.listAliases({ pageSize: 100 })).totalCount).toBe(40);
    expect(scans()).toBeGreaterThan(before);
    for (let i = 0; i < 40; i++) await other.describeKey({ keyId: `alias/number-${i}` });
  });
});

test("the store is closed when nothing in the background uses it any more", async () => {
  const store = memoryStore();
  let running = 0;
  let atClose = -1;
  const [write, close] = [store.write.bind(store), store.close.bind(store)];
  store.write = async (work) => {
    running++;
    await new Promise((resolve) => setTimeout(resolve, 20));
    return write(work).finally(() => running--);
  };
  store.close = async () => {
    atClose = running;
    await close();
  };
  const kms = await openKms({ store, cache: { maxKeys: 1 } });
  const [first, second] = [await createKeyId(kms), await createKeyId(kms)];
  await kms.encrypt({ keyId: first, plaintext: new Uint8Array(1) });
  // The other key takes its place in the cache, and what the first had reserved is given back in the background.
  await kms.encrypt({ keyId: second, plaintext: new Uint8Array(1) });
  await kms.close();
  expect(atClose).toBe(0);
});
