import { randomBytes } from "node:crypto";
import type { KeyStore, Kms } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { beforeEach, describe, expect, test } from "vitest";
import { importMaterial } from "../import/wrapped-material.ts";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { openKms, TestClock } from "../open-kms.ts";

/** While a provider makes an object, another process may make the same one, or delete the key. */
let store: KeyStore;
let hsm: NodeCryptoProvider;
let time: TestClock;
let one: Kms;
let other: Kms;
const plaintext = new Uint8Array(16);

beforeEach(async () => {
  store = memoryStore();
  hsm = new NodeCryptoProvider();
  time = new TestClock();
  const options = { store, hsm, clock: time.clock, cache: { checkMilliseconds: 0 } } as const;
  [one, other] = [await openKms(options), await openKms(options)];
  return async () => void (await Promise.all([one.close(), other.close()]));
});

/** What another process does after a provider has made an object, once. */
function afterCreating(work: () => Promise<unknown>): void {
  const create = hsm.createKey.bind(hsm);
  hsm.createKey = async (request) => {
    hsm.createKey = create;
    const created = await create(request);
    await work();
    return created;
  };
}

const hsmKey = async () => (await one.createKey({ protectionLevel: "HSM" })).keyMetadata;

describe("the object of a mode at its first use", () => {
  test("that another process makes at the same time is the one that both use, and no other remains", async () => {
    const { keyId } = await hsmKey();
    const before = hsm.keys.size;
    afterCreating(() => other.encrypt({ keyId, plaintext, algorithm: "AES_CBC" }));
    const sealed = await one.encrypt({ keyId, plaintext, algorithm: "AES_CBC" });
    expect(hsm.keys.size).toBe(before + 1);
    for (const kms of [one, other]) {
      const opened = await kms.decrypt({ ciphertextBlob: sealed.ciphertextBlob });
      expect(opened.plaintext).toEqual(plaintext);
    }
  });

  test("of a key that is deleted meanwhile is destroyed again", async () => {
    const { keyId } = await hsmKey();
    afterCreating(async () => {
      await other.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
      time.advance({ days: 8 });
      await other.sweep();
    });
    await expect(one.encrypt({ keyId, plaintext, algorithm: "AES_CBC" })).rejects.toMatchObject({ httpStatus: 409 });
    expect(hsm.keys.size).toBe(0);
  });

  test("does not fail because of a forged blob of that mode", async () => {
    const [used, fresh] = [await hsmKey(), await hsmKey()];
    const { ciphertextBlob } = await one.encrypt({ keyId: used.keyId, plaintext, algorithm: "AES_CBC" });
    const blob = Buffer.from(ciphertextBlob);
    const at = blob.indexOf(used.primaryKeyVersion ?? "");
    expect(at).toBeGreaterThanOrEqual(0);
    blob.write(fresh.primaryKeyVersion ?? "", at, "latin1");
    const calls = [
      one.decrypt({ ciphertextBlob: blob }),
      one.encrypt({ keyId: fresh.keyId, plaintext, algorithm: "AES_CBC" }),
    ];
    const [opening, sealing] = await Promise.allSettled(calls);
    expect(opening).toMatchObject({ status: "rejected", reason: { code: "InvalidParameter" } });
    expect(sealing).toMatchObject({ status: "fulfilled" });
  });
});

describe("the new version of a rotation", () => {
  test("of a key that is disabled meanwhile is not made, and its object is destroyed", async () => {
    const { keyId } = await hsmKey();
    const objects = hsm.keys.size;
    afterCreating(() => other.disableKey({ keyId }));
    await expect(one.rotateKey({ keyId })).rejects.toMatchObject({ code: "Rejected.Disabled" });
    expect((await one.listKeyVersions({ keyId })).totalCount).toBe(1);
    expect(hsm.keys.size).toBe(objects);
  });

  test("fails with the error of the store, and its object is destroyed", async () => {
    const { keyId } = await hsmKey();
    const objects = hsm.keys.size;
    const write = store.write.bind(store);
    afterCreating(async () => {
      store.write = () => {
        store.write = write;
        return Promise.reject(new Error("the disk is full"));
      };
    });
    await expect(one.rotateKey({ keyId })).rejects.toMatchObject({ code: "ERR_STORE" });
    expect(hsm.keys.size).toBe(objects);
    expect((await one.listKeyVersions({ keyId })).totalCount).toBe(1);
  });
});

describe("imported material", () => {
  const external = async () => (await one.createKey({ protectionLevel: "HSM", origin: "EXTERNAL" })).keyMetadata.keyId;

  test("of another key is refused before an object of it is made", async () => {
    const [mine, yours] = [await external(), await external()];
    const material = randomBytes(32);
    await importMaterial(one, { keyId: mine, material });
    let made = 0;
    const importKey = hsm.importKey.bind(hsm);
    hsm.importKey = (request) => {
      made++;
      return importKey(request);
    };
    await expect(importMaterial(one, { keyId: yours, material })).rejects.toMatchObject({ code: "InvalidKeyMaterial" });
    expect(made).toBe(0);
  });

  test("whose rows cannot be written leaves no object", async () => {
    const keyId = await external();
    const importKey = hsm.importKey.bind(hsm);
    const write = store.write.bind(store);
    hsm.importKey = async (request) => {
      const created = await importKey(request);
      store.write = () => Promise.reject(new Error("the disk is full"));
      return created;
    };
    await expect(importMaterial(one, { keyId, material: randomBytes(32) })).rejects.toMatchObject({
      code: "ERR_STORE",
    });
    store.write = write;
    expect(hsm.keys.size).toBe(0);
  });
});

test("a scrub that was owed while another ran is still owed", async () => {
  const keyOf = async () => (await one.createKey({ origin: "EXTERNAL" })).keyMetadata.keyId;
  const [first, second] = [await keyOf(), await keyOf()];
  for (const keyId of [first, second]) await importMaterial(one, { keyId, material: randomBytes(32) });
  await one.sweep();
  let scrubs = 0;
  let ending = false;
  const scrub = store.scrub.bind(store);
  store.scrub = async () => {
    if (ending) throw new Error("the process ends");
    scrubs++;
    await scrub();
    if (scrubs > 1) return;
    // Another process deletes material meanwhile, and ends before it scrubs.
    ending = true;
    await expect(other.deleteKeyMaterial({ keyId: second })).rejects.toMatchObject({ code: "ERR_STORE" });
    ending = false;
  };
  await one.deleteKeyMaterial({ keyId: first });
  expect(scrubs).toBe(1);
  await one.sweep();
  expect(scrubs).toBe(2);
  await one.sweep();
  expect(scrubs).toBe(2);
});
