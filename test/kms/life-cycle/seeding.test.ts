import { createDecipheriv, createPrivateKey, createPublicKey, randomUUID } from "node:crypto";
import { memoryStore } from "lanelock/stores";
import { expect, test } from "vitest";
import { createExternal, importMaterial, privateKeyOf } from "../import/wrapped-material.ts";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { openKms, TestClock } from "../open-kms.ts";

const material = Uint8Array.from({ length: 32 }, (_, i) => i);
const plaintext = new TextEncoder().encode("the same everywhere");
const seed = {
  keyId: "00000000-0000-4000-8000-000000000001",
  keyVersionId: "00000000-0000-4000-8000-0000000000a1",
  material,
};
const open = (options = {}) => openKms({ allowSeeding: true, ...options });

test("a blob of one KMS decrypts in another that was seeded alike, on another store and root key", async () => {
  await using one = await open();
  await using other = await open({ rootKey: new Uint8Array(32).fill(9) });
  const { keyMetadata } = await one.seedKey(seed);
  expect(keyMetadata).toMatchObject({
    keyId: seed.keyId,
    primaryKeyVersion: seed.keyVersionId,
    keySpec: "Aliyun_AES_256",
    keyState: "Enabled",
    origin: "EXTERNAL",
    custody: "software",
    seeded: true,
  });
  expect((await one.describeKey({ keyId: seed.keyId })).keyMetadata).toEqual(keyMetadata);
  await other.seedKey(seed);
  const { ciphertextBlob, keyVersionId } = await one.encrypt({ keyId: seed.keyId, plaintext });
  expect(keyVersionId).toBe(seed.keyVersionId);
  expect((await other.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
  const decipher = createDecipheriv("aes-256-gcm", material, ciphertextBlob.subarray(36, 48));
  decipher.setAuthTag(ciphertextBlob.subarray(-16));
  expect(new Uint8Array(decipher.update(ciphertextBlob.subarray(48, -16)))).toEqual(plaintext);
});

test("an asymmetric key too, with its public key", async () => {
  await using kms = await open();
  const pkcs8 = await privateKeyOf("EC_P256K");
  const named = { keyId: randomUUID(), keyVersionId: randomUUID() };
  await kms.seedKey({ ...named, keySpec: "EC_P256K", material: pkcs8, description: "ledger" });
  const own = createPublicKey(createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" }));
  expect((await kms.getPublicKey(named)).publicKey).toBe(own.export({ format: "pem", type: "spki" }));
  const { keyMetadata } = await kms.describeKey({ keyId: named.keyId });
  expect(keyMetadata).toMatchObject({ seeded: true, description: "ledger", keyUsage: "SIGN/VERIFY" });
});

test("other keys are not marked", async () => {
  await using kms = await open();
  expect((await kms.createKey({})).keyMetadata.seeded).toBe(false);
  const keyId = await createExternal(kms);
  await importMaterial(kms, { keyId, material });
  expect((await kms.describeKey({ keyId })).keyMetadata.seeded).toBe(false);
});

test("without allowSeeding it is refused, and seeded keys work on", async () => {
  const store = memoryStore();
  const seeded = await open({ store });
  await seeded.seedKey(seed);
  await seeded.close();
  for (const allowSeeding of [false, undefined]) {
    await using kms = await openKms({ store, allowSeeding });
    await expect(kms.seedKey({ ...seed, keyId: "another" })).rejects.toMatchObject({
      code: "UnsupportedOperation",
      message: expect.stringContaining("allowSeeding"),
    });
    await kms.encrypt({ keyId: seed.keyId, plaintext });
  }
});

test("seeding the same again changes nothing; anything else under these ids is refused", async () => {
  const time = new TestClock();
  await using kms = await open({ clock: time.clock });
  await kms.seedKey(seed);
  await kms.updateKeyDescription({ keyId: seed.keyId, description: "changed since" });
  await kms.disableKey({ keyId: seed.keyId });
  const before = (await kms.describeKey({ keyId: seed.keyId })).keyMetadata;
  time.advance({ days: 1 });
  expect((await kms.seedKey(seed)).keyMetadata).toEqual(before);
  const other = { ...seed, keyId: "other", keyVersionId: "00000000-0000-4000-8000-0000000000a2" };
  const attempts = [
    { fields: { ...seed, material: material.map((byte) => byte ^ 1) }, code: "InvalidKeyMaterial" },
    { fields: { ...seed, keyVersionId: other.keyVersionId }, code: "InvalidParameter" },
    {
      fields: { ...seed, keySpec: "EC_P256", material: await privateKeyOf("EC_P256") } as const,
      code: "InvalidParameter",
    },
    {
      fields: { ...other, keyVersionId: seed.keyVersionId, material: material.map((byte) => byte ^ 2) },
      code: "InvalidParameter",
    },
    { fields: other, code: "InvalidKeyMaterial" },
  ];
  for (const { fields, code } of attempts) await expect(kms.seedKey(fields)).rejects.toMatchObject({ code });
  await expect(kms.describeKey({ keyId: "other" })).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
  const { keyMetadata } = await kms.createKey({});
  const overOwn = { ...other, keyId: keyMetadata.keyId, material: material.map((byte) => byte ^ 3) };
  await expect(kms.seedKey(overOwn)).rejects.toMatchObject({ code: "InvalidParameter" });
});

test.each([
  ["an id of capitals", { keyId: "KEY" }, "KeyId"],
  ["an empty id", { keyId: "" }, "KeyId"],
  ["an alias for an id", { keyId: "alias/x" }, "KeyId"],
  ["a version id of 35", { keyVersionId: "0".repeat(35) }, "KeyVersionId"],
  ["a version id of a wrong type", { keyVersionId: 36 }, "KeyVersionId"],
  ["no material", { material: undefined }, "Material"],
  ["an unknown spec", { keySpec: "AES" }, "KeySpec"],
])("%s is refused", async (_, fields, parameter) => {
  await using kms = await open();
  const request = { ...seed, ...fields } as typeof seed;
  await expect(kms.seedKey(request)).rejects.toMatchObject({ message: expect.stringContaining(parameter) });
});

test("material of a wrong length or form is refused, and the caller's is left alone", async () => {
  await using kms = await open();
  for (const wrong of [material.subarray(1), new Uint8Array(0), new Uint8Array(10_000)]) {
    await expect(kms.seedKey({ ...seed, material: wrong })).rejects.toMatchObject({ code: "InvalidKeyMaterial" });
  }
  const asEc = kms.seedKey({ ...seed, keySpec: "EC_P256", material });
  await expect(asEc).rejects.toMatchObject({ code: "InvalidKeyMaterial" });
  const given = material.slice();
  await kms.seedKey({ ...seed, material: given });
  expect(given).toEqual(material);
});

test("at once, from two sides, it is one key", async () => {
  await using kms = await open();
  const answers = await Promise.allSettled([kms.seedKey(seed), kms.seedKey(seed), kms.seedKey(seed)]);
  expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
  expect((await kms.listKeys({})).totalCount).toBe(1);
  await kms.encrypt({ keyId: seed.keyId, plaintext });
});

test("seeding the same again makes no object, also where its material was deleted since", async () => {
  const hsm = new NodeCryptoProvider();
  await using kms = await open({ hsm });
  const request = { ...seed, protectionLevel: "HSM" } as const;
  await kms.seedKey(request);
  let asked = 0;
  const take = hsm.importKey.bind(hsm);
  hsm.importKey = (object) => {
    asked++;
    return take(object);
  };
  const { keyMetadata } = await kms.seedKey(request);
  expect([keyMetadata.custody, keyMetadata.keyState, hsm.keys.size]).toEqual(["token", "Enabled", 1]);
  await kms.deleteKeyMaterial({ keyId: seed.keyId });
  const { keyMetadata: waiting } = await kms.seedKey(request);
  expect([waiting.custody, waiting.keyState, hsm.keys.size]).toEqual([undefined, "PendingImport", 0]);
  expect(asked).toBe(0);
});
