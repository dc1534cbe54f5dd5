import type { KeyStore } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { KeyDirectory } from "../../../src/kms/keys/key-directory.ts";
import { bindingOf, cacheId, objectRow, storedObject } from "../../../src/kms/keys/key-object-rows.ts";
import type { KeyRow } from "../../../src/kms/ports/index.ts";
import type { Unsealed } from "../../../src/kms/rows/row-mac.ts";
import type { TrustedStore } from "../../../src/kms/rows/trusted-store.ts";
import { bareContext } from "../bare-context.ts";

vi.mock("../../../src/shared/timers.ts", () => import("../../shared/late-timers.ts"));

const ROW: Unsealed<"key"> = {
  ...{ keyId: "key-a", creator: "me", createdAt: 1, description: "", keySpec: "Aliyun_AES_256", mode: "GCM" },
  ...{ keyUsage: "ENCRYPT/DECRYPT", origin: "EXTERNAL", protectionLevel: "SOFTWARE", state: "Enabled" },
  ...{ primaryVersionId: `key-a-${"1".repeat(30)}`, deleteAt: null, materialExpiresAt: null, lastRotatedAt: 1 },
  ...{ rotationEnabled: false, rotationSeconds: null, deletionProtected: false, deletionProtectionDescription: "" },
  ...{ materialFingerprint: null, seeded: false },
};
const VERSION = `key-a-${"1".repeat(30)}`;
const realm = { regionId: "local", accountId: "0" };
const notFound = { code: "Forbidden.KeyNotFound" };

let store: KeyStore;
let rows: TrustedStore;
let now: number;
let settled: KeyRow[];
let settle: (row: KeyRow) => Promise<void>;
let directory: KeyDirectory;
beforeEach(async () => {
  store = memoryStore();
  ({ rows } = (await bareContext(store)).core);
  [now, settled, settle] = [1_000, [], async () => {}];
  await put();
  await rows.write(async (writer) => {
    await writer.addVersion({ versionId: VERSION, keyId: "key-a", createdAt: 1, ordinal: 1 });
    await writer.addAlias({ aliasName: "alias/a", keyId: "key-a", createdAt: 1 });
  });
  vi.useFakeTimers({ toFake: ["performance"] });
  directory = new KeyDirectory({
    ...{ rows, realm, checkMilliseconds: 250, now: () => now },
    settle: (row) => {
      settled.push(row);
      return settle(row);
    },
  });
});
afterEach(() => vi.useRealTimers());

const put = (changes: Partial<KeyRow> = {}) => rows.write((writer) => writer.putKey({ ...ROW, ...changes }));
/** How often the store is read while `work` runs. */
async function readsOf(work: () => Promise<unknown>): Promise<number> {
  const read = vi.spyOn(store, "read");
  await work();
  const { length } = read.mock.calls;
  read.mockRestore();
  return length;
}

describe("a key", () => {
  test("is found by its id, its alias and the ARN of either, and by its version", async () => {
    for (const name of ["key-a", "alias/a", "acs:kms:local:0:key/key-a", "acs:kms:local:0:alias/a"]) {
      expect((await directory.resolve(name)).row).toMatchObject({ keyId: "key-a" });
      expect(directory.warm(name, now)?.row.keyId).toBe("key-a");
    }
    expect((await directory.resolveVersion(VERSION)).row.keyId).toBe("key-a");
    expect(directory.warmVersion(VERSION, now)?.row.keyId).toBe("key-a");
    for (const name of ["key-b", "alias/b"]) await expect(directory.resolve(name)).rejects.toMatchObject(notFound);
    await expect(directory.resolveVersion(VERSION.replace("1", "2"))).rejects.toMatchObject(notFound);
    await expect(directory.resolve(5, "SourceKeyId")).rejects.toThrow("SourceKeyId");
    for (const name of [5, undefined, "key-b"]) expect(directory.warm(name, now)).toBeUndefined();
  });

  test("stays known under every name it was asked for by, which are counted, until all are forgotten", async () => {
    const names = ["key-a", "alias/a", "acs:kms:local:0:key/key-a"];
    for (const name of names) await directory.resolve(name);
    await directory.resolveVersion(VERSION);
    for (const name of names) expect(directory.warm(name, now)?.row.keyId).toBe("key-a");
    expect([directory.warmVersion(VERSION, now)?.row.keyId, directory.size]).toEqual(["key-a", 4]);
    directory.clear();
    expect([directory.warm("key-a", now), directory.size]).toEqual([undefined, 0]);
  });

  test("is known until the store must be looked at again", async () => {
    await directory.resolve("key-a");
    vi.advanceTimersByTime(249);
    expect(directory.warm("key-a", now)).toBeDefined();
    vi.advanceTimersByTime(1);
    expect(directory.warm("key-a", now)).toBeUndefined();
    // Nothing has changed: one look is enough for all that was known.
    expect(await readsOf(() => directory.refresh())).toBe(1);
    expect(directory.warm("key-a", now)).toBeDefined();
    expect(await readsOf(() => directory.refresh())).toBe(0);
  });

  test("is forgotten when another process has changed something", async () => {
    await directory.resolve("key-a");
    await directory.resolveVersion(VERSION);
    const other = (await bareContext(store)).core.rows;
    await other.write((writer) => writer.putKey({ ...ROW, description: "new" }));
    vi.advanceTimersByTime(250);
    await directory.refresh();
    expect([directory.warm("key-a", now), directory.warmVersion(VERSION, now)]).toEqual([undefined, undefined]);
    expect((await directory.resolve("key-a")).row.description).toBe("new");
  });

  test("is forgotten by a clearance, and not remembered by a read that spans one", async () => {
    await directory.resolve("key-a");
    directory.clear();
    expect(directory.warm("key-a", now)).toBeUndefined();
    const read = store.read.bind(store);
    store.read = async (work) => {
      const answer = await read(work);
      directory.clear();
      return answer;
    };
    expect((await directory.resolve("key-a")).row.keyId).toBe("key-a");
    await directory.resolveVersion(VERSION);
    expect([directory.warm("key-a", now), directory.warmVersion(VERSION, now)]).toEqual([undefined, undefined]);
  });

  test("that many ask for at once is looked at once", async () => {
    vi.advanceTimersByTime(250);
    const looks = await readsOf(() => Promise.all([directory.refresh(), directory.refresh(), directory.refresh()]));
    expect(looks).toBe(1);
  });

  test("is tried again after a look that failed", async () => {
    const read = store.read.bind(store);
    store.read = () => Promise.reject(new Error("gone"));
    await expect(directory.resolve("key-a")).rejects.toMatchObject({ code: "ERR_STORE" });
    store.read = read;
    expect((await directory.resolve("key-a")).row.keyId).toBe("key-a");
  });
});

describe("a key with something due", () => {
  test("is known until then, and settled by the first call that finds it so", async () => {
    await put({ materialExpiresAt: 2_000 });
    expect((await directory.resolve("key-a")).validUntil).toBe(2_000);
    expect(directory.warm("key-a", 1_999)).toBeDefined();
    expect(directory.warm("key-a", 2_000)).toBeUndefined();
    now = 2_000;
    settle = () => put({ state: "PendingImport", materialExpiresAt: null });
    expect((await directory.resolve("key-a")).row).toMatchObject({ state: "PendingImport", materialExpiresAt: null });
    expect(settled).toHaveLength(1);
    await directory.resolve("key-a");
    expect(settled).toHaveLength(1);
  });

  test("is as if it were settled where that could not be done, and is not remembered", async () => {
    await put({ materialExpiresAt: 1_000 });
    expect((await directory.resolve("key-a")).row.state).toBe("PendingImport");
    expect(directory.warm("key-a", now)).toBeUndefined();
    await put({ state: "PendingDeletion", deleteAt: 1_000 });
    await expect(directory.resolve("key-a")).rejects.toMatchObject(notFound);
    await expect(directory.resolveVersion(VERSION)).rejects.toMatchObject(notFound);
    expect(settled.length).toBeGreaterThan(1);
  });
});

describe("a key object", () => {
  const handle = Uint8Array.of(1);
  const binding = {
    ...{ purpose: "key", keyId: "key-a", versionId: "v", keySpec: "Aliyun_AES_256", keyUsage: "ENCRYPT/DECRYPT" },
    ...{ origin: "EXTERNAL", protectionLevel: "SOFTWARE", mode: "CBC" },
  };

  test("is bound to everything about its key that never changes", () => {
    expect(bindingOf(ROW, "v", "CBC")).toEqual(binding);
  });

  test("goes into its row and comes out of it", () => {
    const row = objectRow("v", "CBC", { handle, custody: "token" });
    expect(row).toEqual({ versionId: "v", mode: "CBC", handle, publicKey: null, custody: "token" });
    const [key, mac] = [{ ...ROW, mac: handle }, handle];
    expect(storedObject(key, { ...row, mac })).toEqual({ binding, handle, publicKey: undefined });
    const pair = objectRow("v", "NONE", { handle, custody: "token", publicKey: Uint8Array.of(2) });
    expect(pair.publicKey).toEqual(Uint8Array.of(2));
    expect(storedObject(key, { ...pair, mac }).publicKey).toEqual(Uint8Array.of(2));
  });

  test("is cached under its version and mode", () => {
    expect((["GCM", "CBC", "ECB", "NONE"] as const).map((mode) => cacheId("v", mode))).toEqual([
      "v",
      "v CBC",
      "v ECB",
      "v NONE",
    ]);
  });
});
