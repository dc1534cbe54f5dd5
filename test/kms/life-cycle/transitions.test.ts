import type { KeyStore } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { beforeEach, describe, expect, test } from "vitest";
import { CachedCipherKey } from "../../../src/kms/keys/cached-key.ts";
import { InvocationCounter } from "../../../src/kms/keys/invocations.ts";
import { bindingOf, cacheId, objectRow } from "../../../src/kms/keys/key-object-rows.ts";
import { markScrubPending, scrub } from "../../../src/kms/life-cycle/scrubbing.ts";
import { settleDue } from "../../../src/kms/life-cycle/settle-due.ts";
import { canRotate, removeMaterial, rotate, rotateExhausted, settle } from "../../../src/kms/life-cycle/transitions.ts";
import type { CipherMode, KeyRow } from "../../../src/kms/ports/index.ts";
import type { Unsealed } from "../../../src/kms/rows/row-mac.ts";
import { type BareContext, bareContext } from "../bare-context.ts";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";

// Keys written here row by row, with their objects in a provider: what each transition leaves of rows, objects, cache and log.

const NOW = 5_000;
const SYMMETRIC: Omit<Unsealed<"key">, "keyId" | "primaryVersionId"> = {
  ...{ creator: "me", createdAt: 1, description: "", keySpec: "Aliyun_AES_256", keyUsage: "ENCRYPT/DECRYPT" },
  ...{ origin: "Aliyun_KMS", protectionLevel: "HSM", mode: "ANY", state: "Enabled", deleteAt: null },
  ...{ materialExpiresAt: null, lastRotatedAt: 1, rotationEnabled: false, rotationSeconds: null, seeded: false },
  ...{ deletionProtected: false, deletionProtectionDescription: "", materialFingerprint: null },
};
const deletion = { state: "PendingDeletion", deleteAt: NOW } as const;
const expiry = { origin: "EXTERNAL", mode: "GCM", materialExpiresAt: NOW } as const;
const rotation = { rotationEnabled: true, rotationSeconds: 4 } as const;

let store: KeyStore;
let hsm: NodeCryptoProvider;
let bare: BareContext;
let now: number;
let scrubs: number;
beforeEach(async () => {
  store = memoryStore();
  hsm = new NodeCryptoProvider();
  [now, scrubs] = [NOW, 0];
  const own = store.scrub.bind(store);
  store.scrub = () => {
    scrubs++;
    return own();
  };
  bare = await bareContext(store, { providers: new Map([["HSM", hsm]]), clock: () => new Date(now) });
});

const put = (row: Unsealed<"key">) => bare.core.rows.write((rows) => rows.putKey(row));
const rowOf = (keyId: string) => bare.core.read((rows) => rows.key(keyId));
const ALL = { offset: 0, limit: 1_000 };
const versionsOf = async (keyId: string) => (await bare.core.read((rows) => rows.versions(keyId, ALL))).rows;
const operations = () => bare.events.map(({ operation, outcome }) => `${operation} ${outcome}`);

/** A key of two versions, with objects for GCM and CBC. */
async function key(changes: Partial<Unsealed<"key">> = {}, keyId = "key-a"): Promise<KeyRow> {
  const row = { ...SYMMETRIC, keyId, primaryVersionId: `${keyId}-2`, ...changes };
  const modes: CipherMode[] = row.mode === "ANY" ? ["GCM", "CBC"] : ["GCM"];
  const { core } = bare;
  const objects: Unsealed<"keyObject">[] = [];
  for (const versionId of [`${keyId}-1`, `${keyId}-2`]) {
    for (const mode of modes) {
      const created = await hsm.createKey({ binding: bindingOf(row, versionId, mode) });
      objects.push(objectRow(versionId, mode, created));
    }
  }
  await core.rows.write(async (rows) => {
    await rows.putKey(row);
    for (const ordinal of [1, 2])
      await rows.addVersion({ versionId: `${keyId}-${ordinal}`, keyId, createdAt: 1, ordinal });
    for (const object of objects) await rows.putKeyObject(object);
  });
  const made = await rowOf(keyId);
  if (made === undefined) throw new Error("no key");
  return made;
}

/** What happens while the provider destroys or makes an object, once. */
function meanwhile(method: "destroyKey" | "createKey", work: () => Promise<unknown>): void {
  const own = hsm[method].bind(hsm) as (request: never) => Promise<never>;
  hsm[method] = (async (request: never) => {
    hsm[method] = own as never;
    const result = await own(request);
    await work();
    return result;
  }) as never;
}

describe("a deletion that is due", () => {
  test("removes the key with the objects of every version and mode, and scrubs", async () => {
    const row = await key(deletion);
    await key({}, "key-b");
    expect(hsm.keys.size).toBe(8);
    await settle(bare.core, row);
    expect([await rowOf("key-a"), await versionsOf("key-a"), hsm.keys.size, scrubs]).toEqual([undefined, [], 4, 1]);
    expect(bare.events).toEqual([
      expect.objectContaining({ operation: "DeleteKey", caller: "system", keyId: "key-a", outcome: "OK" }),
    ]);
  });

  test("wipes the loaded keys of every version and mode", async () => {
    const row = await key(deletion);
    const wiped: string[] = [];
    for (const versionId of ["key-a-1", "key-a-2", "key-b-1"]) {
      for (const mode of ["GCM", "CBC", "ECB"] as const) {
        const id = cacheId(versionId, mode);
        const loaded = await bare.core.cipherKeys.load(id, async () => {
          const object = await hsm.loadCipherKey({
            ...{ binding: bindingOf(row, versionId, mode), handle: Buffer.from([...hsm.keys.keys()][0] ?? "") },
          });
          const invocations = new InvocationCounter({ store: bare.core.rows, versionId, mode, onNearLimit: () => {} });
          const cipher = { ...object, dispose: () => void wiped.push(id) };
          return new CachedCipherKey({
            versionId,
            key: cipher,
            prefix: new Uint8Array(),
            invocations,
            release: () => {},
          });
        });
        loaded.release();
      }
    }
    await settle(bare.core, row);
    expect(wiped).toEqual(["key-a-1", "key-a-1 CBC", "key-a-1 ECB", "key-a-2", "key-a-2 CBC", "key-a-2 ECB"]);
  });

  test("that another process cancelled meanwhile leaves the row, and says that nothing changed", async () => {
    const row = await key(deletion);
    meanwhile("destroyKey", () => put({ ...row, state: "Enabled", deleteAt: null }));
    await settle(bare.core, row);
    expect([(await rowOf("key-a"))?.state, operations()]).toEqual(["Enabled", ["DeleteKey Unchanged"]]);
    const gone = await key(deletion, "key-c");
    await bare.core.rows.write((rows) => rows.deleteKey("key-c"));
    await settle(bare.core, gone);
    expect(operations().at(-1)).toBe("DeleteKey Unchanged");
  });

  test("needs no provider for a key without objects", async () => {
    const row = await key({ ...deletion, protectionLevel: "EXTERNAL" });
    await expect(settle(bare.core, row)).rejects.toMatchObject({ code: "UnsupportedOperation" });
    for (const { versionId } of await versionsOf("key-a")) {
      await bare.core.rows.write((rows) => rows.deleteKeyObjects(versionId));
    }
    await settle(bare.core, row);
    expect(await rowOf("key-a")).toBeUndefined();
  });
});

describe("an expiry that is due", () => {
  test("destroys the objects, keeps the versions, and leaves the key waiting for an import", async () => {
    const row = await key(expiry);
    await settle(bare.core, row);
    expect(await rowOf("key-a")).toMatchObject({ state: "PendingImport", materialExpiresAt: null });
    expect([(await versionsOf("key-a")).length, hsm.keys.size, scrubs]).toEqual([2, 0, 1]);
    expect(operations()).toEqual(["ExpireKeyMaterial OK"]);
  });

  test("leaves a key that waits for its deletion in that state", async () => {
    const row = await key({ ...expiry, state: "PendingDeletion", deleteAt: NOW + 1 });
    await settle(bare.core, row);
    expect(await rowOf("key-a")).toMatchObject({ state: "PendingDeletion", materialExpiresAt: null });
  });

  test("that another process put off meanwhile says that nothing changed", async () => {
    const row = await key(expiry);
    meanwhile("destroyKey", () => put({ ...row, materialExpiresAt: NOW + 1 }));
    await settle(bare.core, row);
    expect(await rowOf("key-a")).toMatchObject({ state: "Enabled", materialExpiresAt: NOW + 1 });
    expect(operations()).toEqual(["ExpireKeyMaterial Unchanged"]);
  });

  test("destroys an object that another process imported meanwhile, too", async () => {
    const row = await key(expiry);
    meanwhile("destroyKey", async () => {
      const created = await hsm.createKey({ binding: bindingOf(row, "key-a-2", "GCM") });
      await bare.core.rows.write((rows) => rows.putKeyObject(objectRow("key-a-2", "GCM", created)));
    });
    await settle(bare.core, row);
    expect([hsm.keys.size, await bare.core.read((rows) => rows.keyObjects("key-a-2"))]).toEqual([0, []]);
    expect(operations()).toEqual(["ExpireKeyMaterial OK"]);
  });

  test("of a key that another process deleted meanwhile says that nothing changed", async () => {
    const row = await key(expiry);
    meanwhile("destroyKey", () => bare.core.rows.write((rows) => rows.deleteKey("key-a")));
    await settle(bare.core, row);
    expect([await rowOf("key-a"), operations()]).toEqual([undefined, ["ExpireKeyMaterial Unchanged"]]);
  });

  test("that cannot be written fails, and is not tried again at once", async () => {
    const row = await key(expiry);
    const write = store.write.bind(store);
    store.write = () => {
      store.write = write;
      return Promise.reject(new Error("disk full"));
    };
    await expect(settle(bare.core, row)).rejects.toMatchObject({ code: "ERR_STORE" });
    expect([(await rowOf("key-a"))?.state, operations()]).toEqual(["Enabled", ["ExpireKeyMaterial ERR_STORE"]]);
  });

  test("of no key, or of one that must not be changed, is nothing to do", async () => {
    const row = await key(expiry);
    const event = bare.core.systemEvent("DeleteKeyMaterial", "key-a");
    expect(await removeMaterial(bare.core, row, { event, onlyIf: () => false })).toBe(false);
    expect(hsm.keys.size).toBe(2);
    expect(await removeMaterial(bare.core, row, { event, onlyIf: () => true })).toBe(true);
    await bare.core.rows.write((rows) => rows.deleteKey("key-a"));
    expect(await removeMaterial(bare.core, row, { event, onlyIf: () => true })).toBe(false);
    expect(operations()).toHaveLength(1);
  });
});

describe("a rotation that is due", () => {
  test("makes a version with the next number, which is the primary one from then on", async () => {
    const row = await key(rotation);
    await settle(bare.core, row);
    const [, , third, ...more] = await versionsOf("key-a");
    expect(third).toMatchObject({ keyId: "key-a", createdAt: NOW, ordinal: 3 });
    expect([more, await rowOf("key-a")]).toEqual([
      [],
      expect.objectContaining({ primaryVersionId: third?.versionId, lastRotatedAt: NOW, state: "Enabled" }),
    ]);
    // Other modes get an object when they are first used.
    const objects = await bare.core.read((rows) => rows.keyObjects(third?.versionId ?? ""));
    expect([objects.map(({ mode }) => mode), hsm.keys.size]).toEqual([["GCM"], 5]);
    expect(bare.events).toEqual([
      expect.objectContaining({ operation: "RotateKey", keyVersionId: third?.versionId, outcome: "OK" }),
    ]);
  });

  test("that another process made meanwhile is not made again, and its object is destroyed", async () => {
    const row = await key(rotation);
    meanwhile("createKey", () => put({ ...row, lastRotatedAt: NOW }));
    await settle(bare.core, row);
    expect([(await versionsOf("key-a")).length, hsm.keys.size, operations()]).toEqual([2, 4, []]);
  });

  test("of a key whose deletion or expiry came due meanwhile is not made", async () => {
    for (const [keyId, changes] of [
      ["key-b", deletion],
      ["key-c", expiry],
    ] as const) {
      const row = await key({}, keyId);
      meanwhile("createKey", () => put({ ...row, ...changes }));
      const event = bare.core.systemEvent("RotateKey", keyId);
      const onlyIf = (current: KeyRow) => current.state === "Enabled";
      expect(await rotate(bare.core, keyId, { event, onlyIf })).toBeUndefined();
      expect(await versionsOf(keyId)).toHaveLength(2);
    }
  });

  test("that is not to be made makes no object", async () => {
    await key();
    const event = bare.core.systemEvent("RotateKey", "key-a");
    expect(await rotate(bare.core, "key-a", { event, onlyIf: () => false })).toBeUndefined();
    expect(await rotate(bare.core, "key-x", { event, onlyIf: () => true })).toBeUndefined();
    expect([hsm.keys.size, operations()]).toEqual([4, []]);
  });

  test("keeps its own error where the object cannot be destroyed", async () => {
    const row = await key(rotation);
    const write = store.write.bind(store);
    meanwhile("createKey", async () => {
      store.write = () => Promise.reject(new Error("disk full"));
      hsm.destroyKey = () => Promise.reject(new Error("busy"));
    });
    await expect(settle(bare.core, row)).rejects.toMatchObject({ code: "ERR_STORE" });
    store.write = write;
    expect(operations()).toEqual(["RotateKey ERR_STORE"]);
  });
});

describe("which keys rotate", () => {
  test("symmetric ones whose material the KMS made, while they are enabled", () => {
    const can = (changes: Partial<KeyRow>) => canRotate({ ...SYMMETRIC, ...changes } as KeyRow);
    expect(can({})).toBe(true);
    for (const state of ["Disabled", "PendingDeletion", "PendingImport"] as const) expect(can({ state })).toBe(false);
    expect([can({ origin: "EXTERNAL" }), can({ keySpec: "RSA_2048" })]).toEqual([false, false]);
  });

  test("when IVs run out, those whose primary version it is", async () => {
    await key();
    await rotateExhausted(bare.core, "key-a", "key-a-1");
    expect(await versionsOf("key-a")).toHaveLength(2);
    await rotateExhausted(bare.core, "key-a", "key-a-2");
    expect(await versionsOf("key-a")).toHaveLength(3);
    const disabled = await key({ state: "Disabled" }, "key-b");
    await rotateExhausted(bare.core, "key-b", disabled.primaryVersionId ?? "");
    expect(await versionsOf("key-b")).toHaveLength(2);
    expect(operations()).toEqual(["RotateKey OK"]);
  });

  test("and one that could not is in the log", async () => {
    await key();
    hsm.broken = true;
    await expect(rotateExhausted(bare.core, "key-a", "key-a-2")).rejects.toMatchObject({ code: "ERR_PROVIDER" });
    expect(operations()).toEqual(["RotateKey ERR_PROVIDER"]);
  });
});

test("what is not due is left alone", async () => {
  const rows = [
    await key({ ...deletion, deleteAt: NOW + 1 }, "key-a"),
    await key({ ...expiry, materialExpiresAt: NOW + 1 }, "key-b"),
    await key({ ...rotation, rotationSeconds: 5 }, "key-c"),
  ];
  for (const row of rows) await settle(bare.core, row);
  expect(await settleDue(bare.core)).toEqual({ settled: 0, failed: 0 });
  expect([operations(), scrubs]).toEqual([[], 0]);
});

describe("a sweep of what is due", () => {
  test("settles more keys than one look shows", async () => {
    await bare.core.rows.write(async (rows) => {
      for (let n = 0; n < 230; n++) {
        await rows.putKey({ ...SYMMETRIC, ...deletion, keyId: `key-${n}`, primaryVersionId: null });
      }
    });
    expect(await settleDue(bare.core)).toEqual({ settled: 230, failed: 0 });
    expect((await bare.core.read((rows) => rows.keys(ALL))).total).toBe(0);
  });

  test("tries each key once, and counts those that failed", async () => {
    await key(deletion, "key-a");
    await key({ ...deletion, protectionLevel: "EXTERNAL" }, "key-b");
    await key(rotation, "key-c");
    expect(await settleDue(bare.core)).toEqual({ settled: 2, failed: 1 });
    expect(operations().sort()).toEqual(["DeleteKey OK", "DeleteKey UnsupportedOperation", "RotateKey OK"]);
    expect((await rowOf("key-b"))?.state).toBe("PendingDeletion");
  });
});

describe("a scrub", () => {
  const owed = () => bare.core.rows.write((rows) => markScrubPending(rows));

  test("runs once for what was deleted before it", async () => {
    await scrub(bare.core.rows);
    expect(scrubs).toBe(0);
    await owed();
    await owed();
    await scrub(bare.core.rows);
    await scrub(bare.core.rows);
    expect(scrubs).toBe(1);
  });

  test("that failed, or during which more was deleted, is still owed", async () => {
    await owed();
    const own = store.scrub;
    store.scrub = () => Promise.reject(new Error("a reader"));
    await expect(scrub(bare.core.rows)).rejects.toMatchObject({ code: "ERR_STORE" });
    store.scrub = async () => {
      store.scrub = own;
      await owed();
    };
    await scrub(bare.core.rows);
    await scrub(bare.core.rows);
    expect(scrubs).toBe(1);
  });

  test("is no change that callers see", async () => {
    await owed();
    const before = await bare.core.rows.generation();
    await scrub(bare.core.rows);
    expect(await bare.core.rows.generation()).toBe(before);
  });
});
