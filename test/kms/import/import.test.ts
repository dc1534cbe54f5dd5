import { createDecipheriv, createPrivateKey, createPublicKey, randomBytes, verify } from "node:crypto";
import type { Kms, WrappingAlgorithm } from "lanelock/kms";
import { beforeEach, describe, expect, test } from "vitest";
import { specs } from "../../asymmetric/platforms.ts";
import { openKms, TestClock } from "../open-kms.ts";
import {
  createExternal,
  hybrid,
  importMaterial,
  invalidMaterial,
  privateKeyOf,
  symmetricAlgorithms,
} from "./wrapped-material.ts";

const plaintext = new TextEncoder().encode("under a key brought from elsewhere");

let kms: Kms;
let time: TestClock;
beforeEach(async () => {
  time = new TestClock();
  kms = await openKms({ clock: time.clock });
  return () => kms.close();
});

const stateOf = async (keyId: string) => (await kms.describeKey({ keyId })).keyMetadata.keyState;
const unixIn = (seconds: number) => Math.floor(time.now / 1000) + seconds;

describe("an imported AES key", () => {
  test("waits for its material, with one version that is its primary one", async () => {
    const { keyMetadata } = await kms.createKey({ origin: "EXTERNAL" });
    const { keyId } = keyMetadata;
    expect(keyMetadata).toMatchObject({ keyState: "PendingImport", origin: "EXTERNAL" });
    expect(keyMetadata.materialExpireTime).toBeUndefined();
    await expect(kms.encrypt({ keyId, plaintext })).rejects.toMatchObject({
      code: "Rejected.PendingImport",
      httpStatus: 409,
    });
    await importMaterial(kms, { keyId, material: randomBytes(32) });
    const { keyVersions } = await kms.listKeyVersions({ keyId });
    expect(keyVersions).toHaveLength(1);
    const { keyVersionId } = await kms.encrypt({ keyId, plaintext });
    expect(keyVersionId).toBe(keyVersions[0]?.keyVersionId);
    expect(keyMetadata.primaryKeyVersion).toBe(keyVersionId);
  });

  test.each(symmetricAlgorithms)("%s: node:crypto decrypts the key's ciphertexts", async (wrappingAlgorithm) => {
    const keyId = await createExternal(kms);
    const material = randomBytes(32);
    await importMaterial(kms, { keyId, material }, { wrappingAlgorithm });
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    const decipher = createDecipheriv("aes-256-gcm", material, ciphertextBlob.subarray(36, 48));
    decipher.setAuthTag(ciphertextBlob.subarray(-16));
    expect(new Uint8Array(decipher.update(ciphertextBlob.subarray(48, -16)))).toEqual(plaintext);
    decipher.final();
    expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
    expect((await kms.describeKey({ keyId })).keyMetadata).toMatchObject({ keyState: "Enabled", custody: "software" });
  });

  test("does not rotate and gets no versions", async () => {
    const keyId = await createExternal(kms);
    await importMaterial(kms, { keyId, material: randomBytes(32) });
    await expect(kms.rotateKey({ keyId })).rejects.toMatchObject({ code: "UnsupportedOperation" });
    const policy = { keyId, enableAutomaticRotation: true, rotationInterval: "30d" };
    await expect(kms.updateRotationPolicy(policy)).rejects.toMatchObject({ code: "UnsupportedOperation" });
    const rotating = { origin: "EXTERNAL", enableAutomaticRotation: true, rotationInterval: "30d" } as const;
    await expect(kms.createKey(rotating)).rejects.toMatchObject({ code: "UnsupportedOperation" });
  });

  test("a disabled key stays disabled when its material comes again", async () => {
    const keyId = await createExternal(kms);
    const material = randomBytes(32);
    await importMaterial(kms, { keyId, material });
    await kms.disableKey({ keyId });
    await importMaterial(kms, { keyId, material }, { keyMaterialExpireUnix: unixIn(60) });
    expect(await stateOf(keyId)).toBe("Disabled");
    await kms.enableKey({ keyId });
    await kms.encrypt({ keyId, plaintext });
  });
});

describe.each(specs)("an imported %s key", (keySpec) => {
  test("signs as the key that was brought, by its one version", async () => {
    const keyId = await createExternal(kms, keySpec);
    const material = await privateKeyOf(keySpec);
    await importMaterial(kms, { keyId, material }, { wrappingAlgorithm: hybrid });
    const { keyVersions } = await kms.listKeyVersions({ keyId });
    expect(keyVersions).toHaveLength(1);
    const named = { keyId, keyVersionId: keyVersions[0]?.keyVersionId ?? "" };
    const own = createPublicKey(createPrivateKey({ key: Buffer.from(material), format: "der", type: "pkcs8" }));
    const { publicKey } = await kms.getPublicKey(named);
    expect(publicKey).toBe(own.export({ format: "pem", type: "spki" }));
    const algorithm = keySpec.startsWith("RSA") ? "RSA_PKCS1_SHA_256" : "ECDSA_SHA_256";
    const { value } = await kms.asymmetricSign({ ...named, algorithm, message: plaintext });
    expect(verify("sha256", plaintext, own, value)).toBe(true);
    await expect(kms.createKeyVersion({ keyId })).rejects.toMatchObject({ code: "Unsupported.Origin" });
  });
});

describe("the same material only", () => {
  const importOver = (
    keyId: string,
    material: Uint8Array,
    wrappingAlgorithm: WrappingAlgorithm = "RSAES_OAEP_SHA_256",
  ) => importMaterial(kms, { keyId, material }, { wrappingAlgorithm });

  test.each(["while it is there", "after its deletion", "after its expiry"])("%s", async (when) => {
    const keyId = await createExternal(kms);
    const material = randomBytes(32);
    await importMaterial(kms, { keyId, material }, { keyMaterialExpireUnix: unixIn(100) });
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    if (when === "after its deletion") await kms.deleteKeyMaterial({ keyId });
    if (when === "after its expiry") time.advance({ seconds: 100 });
    const before = await stateOf(keyId);
    await expect(importOver(keyId, randomBytes(32))).rejects.toMatchObject(invalidMaterial);
    expect(await stateOf(keyId)).toBe(before);
    await importOver(keyId, material, "RSAES_OAEP_SHA_1");
    expect(await stateOf(keyId)).toBe("Enabled");
    expect((await kms.describeKey({ keyId })).keyMetadata.materialExpireTime).toBeUndefined();
    expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
  });

  test("a private key is recognized in every encoding", async () => {
    const keyId = await createExternal(kms, "EC_P256");
    const material = await privateKeyOf("EC_P256");
    await importOver(keyId, material, hybrid);
    await kms.deleteKeyMaterial({ keyId });
    await expect(importOver(keyId, await privateKeyOf("EC_P256"), hybrid)).rejects.toMatchObject(invalidMaterial);
    // PKCS#8 of version 2 with nothing behind the private key
    await importOver(
      keyId,
      material.map((byte, i) => (i === 5 ? 1 : byte)),
      hybrid,
    );
    expect(await stateOf(keyId)).toBe("Enabled");
  });

  test("no two keys share material, symmetric or not, until the first is gone", async () => {
    const [one, other] = [await createExternal(kms), await createExternal(kms)];
    const material = randomBytes(32);
    await importOver(one, material);
    await expect(importOver(other, material)).rejects.toMatchObject(invalidMaterial);
    expect(await stateOf(other)).toBe("PendingImport");
    await kms.deleteKeyMaterial({ keyId: one });
    await expect(importOver(other, material)).rejects.toMatchObject(invalidMaterial);
    await kms.scheduleKeyDeletion({ keyId: one, pendingWindowInDays: 7 });
    time.advance({ days: 7 });
    await kms.sweep();
    await importOver(other, material);
    expect(await stateOf(other)).toBe("Enabled");

    const [first, second] = [await createExternal(kms, "EC_P256"), await createExternal(kms, "EC_P256")];
    const privateKey = await privateKeyOf("EC_P256");
    await importOver(first, privateKey, hybrid);
    await expect(importOver(second, privateKey, hybrid)).rejects.toMatchObject(invalidMaterial);
  });
});

test("imports of different material at once leave one consistent key", async () => {
  const keyId = await createExternal(kms);
  const materials = [randomBytes(32), randomBytes(32), randomBytes(32)];
  const answers = await Promise.allSettled(materials.map((material) => importMaterial(kms, { keyId, material })));
  expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  for (const answer of answers) if (answer.status === "rejected") expect(answer.reason).toMatchObject(invalidMaterial);
  await kms.encrypt({ keyId, plaintext });
});

test("an import and a deletion at once end in one of the two orders", async () => {
  const keyId = await createExternal(kms);
  const material = randomBytes(32);
  for (let round = 0; round < 20; round += 1) {
    await importMaterial(kms, { keyId, material });
    await Promise.all([importMaterial(kms, { keyId, material }), kms.deleteKeyMaterial({ keyId })]);
    const { keyState, custody } = (await kms.describeKey({ keyId })).keyMetadata;
    expect(keyState === "Enabled" ? custody : keyState).toBe(keyState === "Enabled" ? "software" : "PendingImport");
    const encrypted = kms.encrypt({ keyId, plaintext });
    if (keyState === "Enabled") await encrypted;
    else await expect(encrypted).rejects.toMatchObject({ code: "Rejected.PendingImport" });
  }
});
