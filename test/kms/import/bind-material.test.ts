import { createPrivateKey, createPublicKey } from "node:crypto";
import { type KeyStore, Kms } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { beforeEach, describe, expect, test } from "vitest";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { openKms, rootKey } from "../open-kms.ts";
import { softwareAsHsm } from "../software-as-hsm.ts";
import { invalidMaterial, privateKeyOf, wrapMaterial } from "./wrapped-material.ts";

// Imports into a provider that keeps its objects itself, as a token does: which of them are there afterwards.

const material = Uint8Array.from({ length: 32 }, (_, i) => i);
const other = material.map((byte) => byte ^ 1);
const plaintext = new Uint8Array(8);
const wrapping = { wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_OAEP_SHA_256" } as const;

let store: KeyStore;
let hsm: NodeCryptoProvider;
let kms: Kms;
let keyId: string;
let bring: (bytes: Uint8Array) => Promise<void>;
beforeEach(async () => {
  store = memoryStore();
  hsm = new NodeCryptoProvider();
  kms = await Kms.open({ store, rootKey, hsm, audit: false, sweepSeconds: false });
  ({ keyId } = (await kms.createKey({ origin: "EXTERNAL", protectionLevel: "HSM" })).keyMetadata);
  const { publicKey, importToken } = await kms.getParametersForImport({ keyId, ...wrapping });
  bring = (bytes) => {
    const encryptedKeyMaterial = wrapMaterial({ publicKey, ...wrapping }, bytes);
    return kms.importKeyMaterial({ keyId, importToken, encryptedKeyMaterial });
  };
  return () => kms.close();
});
const objects = () => [...hsm.keys.keys()];

describe("the same material again", () => {
  test("makes a new object, which is used from then on, and destroys the old one", async () => {
    await bring(material);
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    const before = objects();
    await bring(material);
    const after = objects();
    expect([before.length, after.length, after[0] === before[0]]).toEqual([1, 1, false]);
    expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
  });

  test("is taken although the old object cannot be destroyed", async () => {
    await bring(material);
    hsm.destroyKey = () => Promise.reject(new Error("busy"));
    await bring(material);
    expect(objects()).toHaveLength(2);
    await kms.encrypt({ keyId, plaintext });
  });
});

test("other material is refused before it reaches the provider", async () => {
  await bring(material);
  hsm.importKey = () => Promise.reject(new Error("reached"));
  await expect(bring(other)).rejects.toMatchObject(invalidMaterial);
  await kms.encrypt({ keyId, plaintext });
});

test("the public key of imported material is kept, also where the provider does not give it", async () => {
  const without = softwareAsHsm((own) => ({
    importKey: async (request) => ({ ...(await own.importKey(request)), publicKey: undefined }),
  }));
  await using other = await openKms({ hsm: without, allowSeeding: true });
  const named = { keyId: "key-seeded", keyVersionId: "v".repeat(36) };
  const pkcs8 = await privateKeyOf("EC_P256");
  await other.seedKey({ ...named, protectionLevel: "HSM", keySpec: "EC_P256", material: pkcs8 });
  const { publicKey } = await other.getPublicKey(named);
  const expected = createPublicKey(createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" }));
  expect(publicKey).toBe(expected.export({ format: "pem", type: "spki" }));
});

test("an import whose change cannot be written destroys its object, and leaves the old one in use", async () => {
  await bring(material);
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
  const before = objects();
  const [write, destroy] = [store.write.bind(store), hsm.destroyKey.bind(hsm)];
  store.write = () => Promise.reject(new Error("read-only"));
  await expect(bring(material)).rejects.toMatchObject({ code: "ERR_STORE" });
  expect(objects()).toEqual(before);
  // The first error is the one that counts.
  hsm.destroyKey = () => Promise.reject(new Error("busy"));
  await expect(bring(material)).rejects.toMatchObject({ code: "ERR_STORE" });
  [store.write, hsm.destroyKey] = [write, destroy];
  expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
});

test("material that another key has got meanwhile is refused, and its object destroyed", async () => {
  const importKey = hsm.importKey.bind(hsm);
  hsm.importKey = async (request) => {
    hsm.importKey = importKey;
    const made = await importKey(request);
    // Another process brings other material to this key before this one can write its rows.
    await bring(other);
    return made;
  };
  await expect(bring(material)).rejects.toMatchObject(invalidMaterial);
  expect([...hsm.keys.values()].map((object) => [...object.material])).toEqual([[...other]]);
  await kms.encrypt({ keyId, plaintext });
});
