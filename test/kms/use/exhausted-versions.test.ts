import type { KeyStore } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { beforeEach, expect, test } from "vitest";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { createKeyId, openKms } from "../open-kms.ts";
import { trustedRows } from "../trusted-rows.ts";

const LIMIT = 2 ** 32;
const plaintext = new Uint8Array(8);

let store: KeyStore;
beforeEach(() => {
  store = memoryStore();
});

/** Another process uses all invocations of a version. */
async function exhaust(versionId: string): Promise<void> {
  await (await trustedRows(store)).reserve({ versionId, mode: "GCM", amount: LIMIT, limit: LIMIT });
}

test("a call gives up after eight versions that other processes used up as fast as they were made", async () => {
  const hsm = new NodeCryptoProvider();
  const create = hsm.createKey.bind(hsm);
  await using kms = await openKms({ store, hsm });
  hsm.createKey = async (request) => {
    await exhaust(request.binding.versionId);
    return create(request);
  };
  const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
  await expect(kms.encrypt({ keyId, plaintext })).rejects.toMatchObject({ code: "Rejected.LimitExceeded" });
  expect((await kms.listKeyVersions({ keyId })).totalCount).toBe(1 + 8);
  hsm.createKey = create;
  await kms.encrypt({ keyId, plaintext });
  expect((await kms.listKeyVersions({ keyId })).totalCount).toBe(1 + 9);
});

test("a key that cannot rotate ends with its last invocation, and says so", async () => {
  await using kms = await openKms({ store, allowSeeding: true });
  const named = { keyId: "key-seeded", keyVersionId: "v".repeat(36) };
  await kms.seedKey({ ...named, material: new Uint8Array(32) });
  await exhaust(named.keyVersionId);
  const message = expect.stringContaining("2^32 encryptions");
  const call = kms.encrypt({ keyId: named.keyId, plaintext });
  await expect(call).rejects.toMatchObject({ code: "Rejected.LimitExceeded", message });
  expect((await kms.listKeyVersions({ keyId: named.keyId })).totalCount).toBe(1);
});

test("a reservation that cannot be written is no reason to rotate", async () => {
  await using kms = await openKms({ store });
  const keyId = await createKeyId(kms);
  const write = store.write;
  store.write = () => {
    store.write = write;
    return Promise.reject(new Error("disk full"));
  };
  await expect(kms.encrypt({ keyId, plaintext })).rejects.toMatchObject({ code: "ERR_STORE" });
  await kms.encrypt({ keyId, plaintext });
  expect((await kms.listKeyVersions({ keyId })).totalCount).toBe(1);
});
