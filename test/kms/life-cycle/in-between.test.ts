import { randomBytes } from "node:crypto";
import { type KeyStore, Kms, rewrapStore } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { beforeEach, describe, expect, test } from "vitest";
import { importMaterial } from "../import/wrapped-material.ts";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { openKms, rootKey, TestClock } from "../open-kms.ts";

/** Between the destruction of an object and the transaction that forgets it, another process may change the key. */
let store: KeyStore;
let hsm: NodeCryptoProvider;
let time: TestClock;
let one: Kms;
let other: Kms;

beforeEach(async () => {
  store = memoryStore();
  hsm = new NodeCryptoProvider();
  time = new TestClock();
  const options = { store, rootKey, hsm, clock: time.clock, sweepSeconds: false } as const;
  [one, other] = [await Kms.open(options), await Kms.open(options)];
  return async () => void (await Promise.all([one.close(), other.close()]));
});

/** What another process does while a provider destroys an object, once. */
function whileDestroying(work: () => Promise<unknown>): void {
  const destroy = hsm.destroyKey.bind(hsm);
  hsm.destroyKey = async (object) => {
    hsm.destroyKey = destroy;
    await destroy(object);
    await work();
  };
}

describe("a deletion that is due", () => {
  test("does not take the row of a key whose deletion was cancelled in between", async () => {
    const { keyId } = (await one.createKey({ protectionLevel: "HSM" })).keyMetadata;
    await one.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
    time.advance({ days: 8 });
    whileDestroying(async () => {
      // Its clock is behind: for it the deletion is not due yet.
      time.advance({ days: -2 });
      await other.cancelKeyDeletion({ keyId });
    });
    await one.sweep();
    expect((await other.describeKey({ keyId })).keyMetadata.keyState).toBe("Enabled");
  });
});

describe("material", () => {
  const external = async () => {
    const request = { protectionLevel: "HSM", origin: "EXTERNAL" } as const;
    return (await one.createKey(request)).keyMetadata.keyId;
  };

  test("that was imported while the former was deleted is destroyed as well", async () => {
    const keyId = await external();
    const material = randomBytes(32);
    await importMaterial(one, { keyId, material });
    whileDestroying(() => importMaterial(other, { keyId, material }));
    await one.deleteKeyMaterial({ keyId });
    expect((await one.describeKey({ keyId })).keyMetadata.keyState).toBe("PendingImport");
    expect(hsm.keys.size).toBe(0);
  });

  test("that is imported over the same material leaves one object in the provider", async () => {
    const keyId = await external();
    const material = randomBytes(32);
    for (let i = 0; i < 3; i++) await importMaterial(one, { keyId, material });
    expect(hsm.keys.size).toBe(1);
    const { ciphertextBlob } = await one.encrypt({ keyId, plaintext: material });
    expect((await one.decrypt({ ciphertextBlob })).plaintext).toEqual(new Uint8Array(material));
  });
});

describe("a key object whose row was removed", () => {
  test("is not made again under the same version id", async () => {
    const { keyId, primaryKeyVersion = "" } = (await one.createKey({ protectionLevel: "HSM" })).keyMetadata;
    const plaintext = new Uint8Array(16);
    await one.encrypt({ keyId, plaintext });
    await one.encrypt({ keyId, plaintext, algorithm: "AES_CBC" });
    const objects = hsm.keys.size;
    await store.write((rows) => rows.deleteKeyObjects(primaryKeyVersion));
    const fresh = await Kms.open({ store, rootKey, hsm, clock: time.clock, sweepSeconds: false }).catch((e) => e);
    expect(fresh).toMatchObject({ code: "ERR_INTEGRITY" });
    // A process that has the store open, and none of the key's objects loaded.
    for (const request of [{}, { algorithm: "AES_CBC" as const }]) {
      const refused = other.encrypt({ keyId, plaintext, ...request });
      await expect(refused).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
    }
    expect(hsm.keys.size).toBe(objects);
  });
});

test("rewrapStore scrubs the former wrapped keys from the database, at the next sweep if it could not", async () => {
  await using kms = await openKms({ store });
  await kms.createKey({});
  await kms.close();
  const newRootKey = new Uint8Array(32).fill(3);
  let scrubs = 0;
  const scrub = store.scrub.bind(store);
  store.scrub = async () => {
    scrubs++;
    throw new Error("a reader keeps the log");
  };
  await rewrapStore({ store, rootKey, newRootKey, hsm });
  expect(scrubs).toBe(1);
  store.scrub = () => {
    scrubs++;
    return scrub();
  };
  const again = await openKms({ store, rootKey: newRootKey });
  expect(await again.sweep()).toEqual({ settled: 0, failed: 0 });
  expect(scrubs).toBe(2);
  await again.close();
});
