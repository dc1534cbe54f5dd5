import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  publicEncrypt,
  randomBytes,
  verify,
} from "node:crypto";
import { Kms } from "lanelock/kms";
import { pkcs11 } from "lanelock/pkcs11";
import { memoryStore } from "lanelock/stores";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rootKey, TestClock } from "../../kms/open-kms.ts";
import { node26Sm4Gcm } from "../../reference/other-nodes.ts";
import { createNssToken } from "../../tokens/nss.ts";
import { createSoftHsmToken } from "../../tokens/softhsm.ts";
import { lookAt } from "../objects/token-objects.ts";

const tokens = { SoftHSM: createSoftHsmToken("import"), NSS: createNssToken() };
const keyLengths = { Aliyun_AES_256: 32, Aliyun_AES_192: 24, Aliyun_AES_128: 16, Aliyun_SM4: 16 } as const;
type SymmetricSpec = keyof typeof keyLengths;
const bytes = (length: number) => new Uint8Array(randomBytes(length));

describe.each(["SoftHSM", "NSS"] as const)("%s", (name) => {
  const time = new TestClock();
  let kms: Kms;
  beforeAll(async () => {
    const hsm = pkcs11({ ...tokens[name], sessions: { max: 4 } });
    kms = await Kms.open({ store: memoryStore(), rootKey, clock: time.clock, sweepSeconds: false, hsm });
  });
  afterAll(() => kms.close());

  const create = async (request: Parameters<Kms["createKey"]>[0]) =>
    (await kms.createKey({ ...request, protectionLevel: "HSM", origin: "EXTERNAL" })).keyMetadata.keyId;

  /** The parameters of each key, which serve for a day. */
  const parameters = new Map<string, ReturnType<Kms["getParametersForImport"]>>();
  function parametersOf(keyId: string) {
    const wrapping = { wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_OAEP_SHA_256" } as const;
    const known = parameters.get(keyId) ?? kms.getParametersForImport({ keyId, ...wrapping });
    parameters.set(keyId, known);
    return known;
  }

  /** Wraps as a user would, with node:crypto. */
  async function bring(keyId: string, material: Uint8Array, keyMaterialExpireUnix?: number) {
    const { publicKey, importToken } = await parametersOf(keyId);
    const key = createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" });
    const encryptedKeyMaterial = publicEncrypt({ key, oaepHash: "sha256" }, material);
    await kms.importKeyMaterial({ keyId, encryptedKeyMaterial, importToken, keyMaterialExpireUnix });
  }

  async function bringPrivateKey(keyId: string, pkcs8: Uint8Array) {
    const wrappingAlgorithm = "RSAES_OAEP_SHA_256_AES_256_ECB_PKCS7_PAD";
    const answer = await kms.getParametersForImport({ keyId, wrappingKeySpec: "RSA_2048", wrappingAlgorithm });
    const key = createPublicKey({ key: Buffer.from(answer.publicKey), format: "der", type: "spki" });
    const ephemeral = randomBytes(32);
    const cipher = createCipheriv("aes-256-ecb", ephemeral, null);
    const wrapped = [publicEncrypt({ key, oaepHash: "sha256" }, ephemeral), cipher.update(pkcs8), cipher.final()];
    const encryptedKeyMaterial = Buffer.concat(wrapped);
    await kms.importKeyMaterial({ keyId, encryptedKeyMaterial, importToken: answer.importToken });
  }

  const objectsOf = (keyId: string) =>
    lookAt(tokens[name])
      .labels()
      .filter((label) => label.includes(keyId));

  test.each(["Aliyun_AES_256", "Aliyun_AES_192", "Aliyun_AES_128"] as const)(
    "an imported %s key: its ciphertext decrypts under node:crypto, and the reverse",
    async (keySpec) => {
      const keyId = await create({ keySpec });
      const material = randomBytes(keyLengths[keySpec]);
      await bring(keyId, material);
      const algorithm = `aes-${material.length * 8}-gcm` as "aes-256-gcm";
      const encryptionContext = { tenant: "42" };
      const aad = createHash("sha256").update("tenant=42").digest();
      const plaintext = bytes(50);
      const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext, encryptionContext });
      const [prefix, iv, body, tag] = [
        ciphertextBlob.subarray(0, 36),
        ciphertextBlob.subarray(36, 48),
        ciphertextBlob.subarray(48, -16),
        ciphertextBlob.subarray(-16),
      ];
      const decipher = createDecipheriv(algorithm, material, iv).setAAD(aad).setAuthTag(tag);
      expect(Buffer.concat([decipher.update(body), decipher.final()])).toEqual(Buffer.from(plaintext));
      const nonce = randomBytes(12);
      const cipher = createCipheriv(algorithm, material, nonce).setAAD(aad);
      const theirs = Buffer.concat([prefix, nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
      const opened = await kms.decrypt({ ciphertextBlob: new Uint8Array(theirs), encryptionContext });
      expect(Buffer.from(opened.plaintext)).toEqual(Buffer.from(plaintext));
    },
  );

  test("an imported key has only the mode it was created for", async () => {
    for (const importMode of ["GCM", "CBC", "ECB"] as const) {
      const keyId = await create({ importMode });
      await bring(keyId, bytes(32));
      for (const mode of ["GCM", "CBC", "ECB"] as const) {
        const attempt = kms.encrypt({ keyId, plaintext: bytes(16), algorithm: `AES_${mode}` });
        if (mode === importMode) expect((await attempt).keyId).toBe(keyId);
        else await expect(attempt).rejects.toMatchObject({ code: "UnsupportedOperation" });
      }
      expect(objectsOf(keyId)).toHaveLength(1);
    }
  });

  test("an imported SM4 key gives what Node 26 gives", async () => {
    const keyId = await create({ keySpec: "Aliyun_SM4" });
    const material = bytes(16);
    await bring(keyId, material);
    const plaintext = bytes(33);
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    const nonce = ciphertextBlob.slice(36, 48);
    const [theirs] = node26Sm4Gcm([{ key: material, nonce, plaintext, aad: new Uint8Array(0) }]);
    expect(Buffer.from(ciphertextBlob.subarray(48))).toEqual(Buffer.from(theirs ?? []));
  });

  test("material of a wrong length is refused, and nothing is stored", async () => {
    for (const [keySpec, length] of Object.entries(keyLengths) as [SymmetricSpec, number][]) {
      const keyId = await create({ keySpec });
      for (const wrong of [length - 1, length + 1, 0]) {
        await expect(bring(keyId, bytes(wrong))).rejects.toMatchObject({ code: "InvalidKeyMaterial" });
      }
      expect(objectsOf(keyId)).toEqual([]);
      expect((await kms.describeKey({ keyId })).keyMetadata.keyState).toBe("PendingImport");
    }
  });

  test("expiry, deletion of the material and deletion of the key destroy the object", async () => {
    const [expiring, cleared, deleted] = [await create({}), await create({}), await create({})];
    const materials = [bytes(32), bytes(32), bytes(32)] as const;
    await bring(expiring, materials[0], Math.floor(time.now / 1000) + 3600);
    await bring(cleared, materials[1]);
    await bring(deleted, materials[2]);
    const { ciphertextBlob } = await kms.encrypt({ keyId: cleared, plaintext: bytes(9) });
    for (const keyId of [expiring, cleared, deleted]) expect(objectsOf(keyId)).toHaveLength(1);
    await kms.deleteKeyMaterial({ keyId: cleared });
    await kms.scheduleKeyDeletion({ keyId: deleted, pendingWindowInDays: 7 });
    time.advance({ days: 8 });
    await kms.sweep();
    for (const keyId of [expiring, cleared, deleted]) expect(objectsOf(keyId)).toEqual([]);
    for (const keyId of [expiring, cleared]) {
      await expect(kms.encrypt({ keyId, plaintext: bytes(1) })).rejects.toMatchObject({
        code: "Rejected.PendingImport",
      });
    }
    parameters.clear();
    await expect(bring(cleared, bytes(32))).rejects.toMatchObject({ code: "InvalidKeyMaterial" });
    await bring(cleared, materials[1]);
    expect((await kms.decrypt({ ciphertextBlob })).plaintext).toHaveLength(9);
    expect(objectsOf(cleared)).toHaveLength(1);
  });

  test.each(["RSA_2048", "EC_P256"] as const)("an imported %s key signs what node:crypto verifies", async (keySpec) => {
    const pair =
      keySpec === "RSA_2048"
        ? generateKeyPairSync("rsa", { modulusLength: 2048 })
        : generateKeyPairSync("ec", { namedCurve: "P-256" });
    const keyId = await create({ keySpec, keyUsage: "SIGN/VERIFY" });
    await bringPrivateKey(keyId, pair.privateKey.export({ format: "der", type: "pkcs8" }));
    const { keyVersions } = await kms.listKeyVersions({ keyId });
    const keyVersionId = keyVersions[0]?.keyVersionId ?? "";
    const message = bytes(70);
    const digest = new Uint8Array(createHash("sha256").update(message).digest());
    const algorithm = keySpec === "RSA_2048" ? "RSA_PSS_SHA_256" : "ECDSA_SHA_256";
    const padding = keySpec === "RSA_2048" ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {};
    const { value } = await kms.asymmetricSign({ keyId, keyVersionId, algorithm, digest });
    expect(verify("sha256", message, { key: pair.publicKey, ...padding }, value)).toBe(true);
    const { publicKey } = await kms.getPublicKey({ keyId, keyVersionId });
    expect(createPublicKey(publicKey).equals(pair.publicKey)).toBe(true);
    expect(objectsOf(keyId)).toHaveLength(1);
  });
});

describe.each(["SoftHSM", "NSS"] as const)("asymmetric keys made on %s", (name) => {
  const time = new TestClock();
  let kms: Kms;
  beforeAll(async () => {
    kms = await Kms.open({
      ...{ store: memoryStore(), rootKey, clock: time.clock, sweepSeconds: false as const },
      hsm: pkcs11(tokens[name]),
    });
  });
  afterAll(() => kms.close());

  const specs = name === "NSS" ? (["RSA_2048", "EC_P256"] as const) : (["RSA_2048", "EC_P256", "EC_P256K"] as const);

  test.each(specs)("%s: versions sign and decrypt, and end with the key", async (keySpec) => {
    for (const keyUsage of ["SIGN/VERIFY", "ENCRYPT/DECRYPT"] as const) {
      const { keyId, custody } = (await kms.createKey({ keySpec, keyUsage, protectionLevel: "HSM" })).keyMetadata;
      expect(custody).toBe("token");
      time.advance({ days: 8 });
      await kms.createKeyVersion({ keyId });
      const { keyVersions } = await kms.listKeyVersions({ keyId });
      expect(keyVersions).toHaveLength(2);
      for (const { keyVersionId } of keyVersions) {
        const message = bytes(40);
        if (keyUsage === "SIGN/VERIFY") {
          const { value } = await kms.asymmetricSign({ keyId, keyVersionId, message, messageType: "RAW" });
          const { publicKey } = await kms.getPublicKey({ keyId, keyVersionId });
          const padding = keySpec === "RSA_2048" ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {};
          expect(verify("sha256", message, { key: createPublicKey(publicKey), ...padding }, value)).toBe(true);
        } else {
          const { ciphertextBlob } = await kms.asymmetricEncrypt({ keyId, keyVersionId, plaintext: message });
          const opened = await kms.asymmetricDecrypt({ keyId, keyVersionId, ciphertextBlob });
          expect(Buffer.from(opened.plaintext)).toEqual(Buffer.from(message));
          const damaged = ciphertextBlob.map((byte, at) => (at === 70 ? byte ^ 1 : byte));
          const attempt = kms.asymmetricDecrypt({ keyId, keyVersionId, ciphertextBlob: damaged });
          await expect(attempt).rejects.toMatchObject({ code: "InvalidParameter" });
        }
      }
      const objects = () =>
        lookAt(tokens[name])
          .labels()
          .filter((label) => label.includes(keyId));
      expect(objects()).toHaveLength(2);
      await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
      time.advance({ days: 8 });
      await kms.sweep();
      expect(objects()).toEqual([]);
    }
  });
});
