import { type KeyStore, rewrapStore } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { beforeEach, expect, test } from "vitest";
import { ROOT_CHANGE, ROOT_CHECK } from "../../../src/kms/root/metadata.ts";
import { STATE } from "../../../src/kms/rows/store-state.ts";
import { createExternal, wrapMaterial } from "../import/wrapped-material.ts";
import { createKeyId, openKms, rootKey } from "../open-kms.ts";
import { trustedRows } from "../trusted-rows.ts";

// Changes of the root key of a store that no other process writes.

const newRootKey = new Uint8Array(32).fill(77);
const wrapping = { wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_OAEP_SHA_256" } as const;

let store: KeyStore;
beforeEach(async () => {
  store = memoryStore();
  await store.open();
});

const open = (root = rootKey) => openKms({ store, rootKey: root });

test("one process at a time changes the root key, and afterwards another may", async () => {
  const kms = await open();
  const keyId = await createKeyId(kms);
  await kms.close();
  const claim = await store.claim("root-change");
  await expect(rewrapStore({ store, rootKey, newRootKey })).rejects.toMatchObject({
    code: "ERR_STATE",
    message: expect.stringContaining("Another process is changing the root key"),
  });
  await (await open()).close();
  await claim?.release();
  await rewrapStore({ store, rootKey, newRootKey });
  await rewrapStore({ store, rootKey: newRootKey, newRootKey: rootKey });
  await using again = await open();
  expect((await again.describeKey({ keyId })).keyMetadata.keyId).toBe(keyId);
});

test("import tokens of several keys outlive it: those that live, and those that are dead", async () => {
  const material = new Uint8Array(32).fill(3);
  const before = await open();
  const [keyId, other] = [await createExternal(before), await createExternal(before)];
  const { publicKey, importToken } = await before.getParametersForImport({ keyId, ...wrapping });
  const dead = await before.getParametersForImport({ keyId: other, ...wrapping });
  await before.close();
  const tokens = () => store.read((rows) => rows.all("importToken"));
  await (await trustedRows(store)).write(async (rows) => {
    const tokenId = new TextDecoder().decode(dead.importToken);
    const row = await rows.importToken(tokenId);
    const none = { handle: new Uint8Array(0), publicKey: new Uint8Array(0) };
    if (row !== undefined) await rows.putImportToken({ ...row, ...none });
  });
  const handles = (await tokens()).map(({ handle }) => handle.length).sort();
  await rewrapStore({ store, rootKey, newRootKey });
  expect((await tokens()).map(({ handle }) => handle.length).sort()).toEqual(handles);
  await using kms = await open(newRootKey);
  const encryptedKeyMaterial = wrapMaterial({ publicKey, ...wrapping }, material);
  await kms.importKeyMaterial({ keyId, importToken, encryptedKeyMaterial });
  expect((await kms.describeKey({ keyId })).keyMetadata.keyState).toBe("Enabled");
  const late = kms.importKeyMaterial({ keyId: other, importToken: dead.importToken, encryptedKeyMaterial });
  await expect(late).rejects.toMatchObject({ code: "InvalidImportToken" });
});

test("a call that begins when the root key is another one says so at once, although it was told to wait before", async () => {
  await using kms = await open();
  const claim = await store.claim("root-change");
  const until = new TextEncoder().encode(String(Date.now() + 60_000));
  await (await trustedRows(store)).write((rows) => rows.putMeta(ROOT_CHANGE, until));
  const code = () =>
    kms.listKeys().then(
      () => "OK",
      (error) => error.code,
    );
  await expect.poll(code).toBe("ERR_STATE");
  await store.write(async (rows) => {
    await rows.putMeta(ROOT_CHECK, new Uint8Array(32));
    await rows.putMeta(STATE, new Uint8Array(64));
  });
  expect(await code()).toBe("ERR_KEY");
  await claim?.release();
});
