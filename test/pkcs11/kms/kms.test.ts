import { createCipheriv, randomBytes } from "node:crypto";
import { Kms, KmsError } from "lanelock/kms";
import { pkcs11 } from "lanelock/pkcs11";
import { memoryStore } from "lanelock/stores";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rootKey, TestClock } from "../../kms/open-kms.ts";
import { createNssToken } from "../../tokens/nss.ts";
import { createSoftHsmToken } from "../../tokens/softhsm.ts";
import { lookAt } from "../objects/token-objects.ts";

const tokens = { SoftHSM: createSoftHsmToken("kms"), NSS: createNssToken() };
const specs = ["Aliyun_AES_256", "Aliyun_AES_192", "Aliyun_AES_128"] as const;
const bytes = (length: number) => new Uint8Array(randomBytes(length));
const utf8 = (blob: Uint8Array, start: number, end: number) => Buffer.from(blob.subarray(start, end)).toString();

describe.each(["SoftHSM", "NSS"] as const)("%s", (name) => {
  const store = memoryStore();
  const time = new TestClock();
  const options = () => ({
    store,
    rootKey,
    clock: time.clock,
    sweepSeconds: false as const,
    hsm: pkcs11({ ...tokens[name], sessions: { max: 4 } }),
  });
  let kms: Kms;
  beforeAll(async () => {
    kms = await Kms.open(options());
  });
  afterAll(() => kms.close());

  const create = async (keySpec: (typeof specs)[number] | "Aliyun_SM4") =>
    (await kms.createKey({ keySpec, protectionLevel: "HSM" })).keyMetadata;

  test.each(specs)("%s encrypts in every mode and padding, and decrypt finds out which", async (spec) => {
    const { keyId, primaryKeyVersion, custody } = await create(spec);
    expect(custody).toBe("token");
    for (const length of [0, 1, 16, 31, 32, 6144]) {
      const plaintext = bytes(length);
      const cases = [
        [{}, 36 + 12 + length + 16],
        [{ algorithm: "AES_GCM" }, 36 + 12 + length + 16],
        [{ algorithm: "AES_CBC" }, 3 + 36 + 16 + length + 16 - (length % 16)],
        [{ algorithm: "AES_ECB", paddingMode: "PKCS7_PADDING" }, 3 + 36 + length + 16 - (length % 16)],
        [{ algorithm: "AES_CBC", paddingMode: "NO_PADDING" }, 3 + 36 + 16 + length],
        [{ algorithm: "AES_ECB", paddingMode: "NO_PADDING" }, 3 + 36 + length],
      ] as const;
      for (const [choice, size] of cases) {
        if ("paddingMode" in choice && choice.paddingMode === "NO_PADDING" && length % 16 !== 0) continue;
        const { ciphertextBlob, keyVersionId } = await kms.encrypt({ keyId, plaintext, ...choice });
        expect(keyVersionId).toBe(primaryKeyVersion);
        expect(ciphertextBlob).toHaveLength(size);
        const opened = await kms.decrypt({ ciphertextBlob, keyId });
        expect(Buffer.from(opened.plaintext)).toEqual(Buffer.from(plaintext));
      }
    }
  });

  test("the blob of CBC and ECB names its mode and has the caller's IV", async () => {
    const { keyId, primaryKeyVersion } = await create("Aliyun_AES_256");
    const iv = bytes(16);
    const cbc = await kms.encrypt({ keyId, plaintext: bytes(16), algorithm: "AES_CBC", paddingMode: "NO_PADDING", iv });
    expect([...cbc.ciphertextBlob.subarray(0, 3)]).toEqual([0x24, 2, 3]);
    expect(utf8(cbc.ciphertextBlob, 3, 39)).toBe(primaryKeyVersion);
    expect(cbc.ciphertextBlob.subarray(39, 55)).toEqual(iv);
    const ecb = await kms.encrypt({ keyId, plaintext: bytes(5), algorithm: "AES_ECB" });
    expect([...ecb.ciphertextBlob.subarray(0, 3)]).toEqual([0x24, 1, 4]);
    const gcm = await kms.encrypt({ keyId, plaintext: bytes(5) });
    expect(utf8(gcm.ciphertextBlob, 0, 36)).toBe(primaryKeyVersion);
  });

  test("IVs, contexts and paddings that a mode does not take are refused", async () => {
    const { keyId } = await create("Aliyun_AES_256");
    const plaintext = bytes(16);
    const refused = [
      { algorithm: "AES_GCM", iv: bytes(12) },
      { iv: bytes(12) },
      { algorithm: "AES_ECB", iv: bytes(16) },
      { algorithm: "AES_CBC", iv: bytes(12) },
      { algorithm: "AES_CBC", iv: bytes(0) },
      { algorithm: "AES_CBC", iv: bytes(17) },
      { algorithm: "AES_CBC", encryptionContext: { a: "b" } },
      { algorithm: "AES_ECB", encryptionContext: { a: "b" } },
      { algorithm: "AES_GCM", paddingMode: "NO_PADDING" },
      { algorithm: "AES_CBC", paddingMode: "NO_PADDING", plaintext: bytes(17) },
      { algorithm: "AES_ECB", paddingMode: "NO_PADDING", plaintext: bytes(15) },
      { algorithm: "AES_ECB", plaintext: bytes(6145) },
      { plaintext: bytes(6145) },
    ] as const;
    for (const request of refused) {
      await expect(kms.encrypt({ keyId, plaintext, ...request })).rejects.toMatchObject({ code: "InvalidParameter" });
    }
    const wrongAlgorithm = kms.encrypt({ keyId, plaintext, algorithm: "SM4_GCM" });
    await expect(wrongAlgorithm).rejects.toMatchObject({ code: "UnsupportedOperation" });
  });

  test("a damaged blob has one answer, in every mode", async () => {
    const { keyId } = await create("Aliyun_AES_256");
    const context = { tenant: "42" };
    const gcm = (await kms.encrypt({ keyId, plaintext: bytes(20), encryptionContext: context })).ciphertextBlob;
    const cbc = (await kms.encrypt({ keyId, plaintext: bytes(20), algorithm: "AES_CBC" })).ciphertextBlob;
    const ecb = (await kms.encrypt({ keyId, plaintext: bytes(20), algorithm: "AES_ECB" })).ciphertextBlob;
    const flip = (blob: Uint8Array, at: number) => blob.map((byte, index) => (index === at ? byte ^ 0x80 : byte));
    const damaged = [
      { ciphertextBlob: gcm },
      { ciphertextBlob: gcm, encryptionContext: { tenant: "43" } },
      { ciphertextBlob: flip(gcm, 40), encryptionContext: context },
      { ciphertextBlob: gcm.subarray(0, -1), encryptionContext: context },
      { ciphertextBlob: cbc.subarray(0, -1) },
      { ciphertextBlob: cbc.subarray(0, 39) },
      { ciphertextBlob: cbc.subarray(0, 55) },
      // The last block decrypts to the padding, which the block before it is added to.
      { ciphertextBlob: flip(cbc, cbc.length - 17) },
      { ciphertextBlob: ecb.subarray(0, -15) },
      { ciphertextBlob: flip(ecb, 1) },
      { ciphertextBlob: flip(ecb, 2) },
    ];
    for (const request of damaged) {
      const error = await kms.decrypt(request).catch((reason) => reason);
      expect(error).toBeInstanceOf(KmsError);
      expect({ code: error.code, message: error.message }).toEqual({
        code: "InvalidParameter",
        message: 'The specified parameter "CiphertextBlob" is not valid.',
      });
    }
  });

  test("versions: old ciphertext decrypts for ever, new calls use the new version, in every mode", async () => {
    const { keyId } = await create("Aliyun_AES_256");
    const choices = [{}, { algorithm: "AES_CBC" }, { algorithm: "AES_ECB" }] as const;
    const plaintext = bytes(30);
    const blobs: Uint8Array[] = [];
    const versions = new Set<string>();
    for (let round = 0; round < 3; round += 1) {
      for (const choice of choices) {
        const { ciphertextBlob, keyVersionId } = await kms.encrypt({ keyId, plaintext, ...choice });
        blobs.push(ciphertextBlob);
        versions.add(keyVersionId);
      }
      await kms.rotateKey({ keyId });
    }
    expect(versions.size).toBe(3);
    await kms.close();
    kms = await Kms.open(options());
    for (const ciphertextBlob of blobs) {
      expect(Buffer.from((await kms.decrypt({ ciphertextBlob })).plaintext)).toEqual(Buffer.from(plaintext));
    }
  });

  test("automatic rotation, data keys and re-encryption work as for software keys", async () => {
    const { keyMetadata } = await kms.createKey({
      protectionLevel: "HSM",
      enableAutomaticRotation: true,
      rotationInterval: "7d",
    });
    const { keyId, primaryKeyVersion } = keyMetadata;
    const { plaintext, ciphertextBlob } = await kms.generateDataKey({ keyId, encryptionContext: { a: "b" } });
    time.advance({ days: 8 });
    const { keyVersionId } = await kms.encrypt({ keyId, plaintext: bytes(1) });
    expect(keyVersionId).not.toBe(primaryKeyVersion);
    const software = (await kms.createKey({})).keyMetadata.keyId;
    const moved = await kms.reEncrypt({
      ciphertextBlob,
      sourceEncryptionContext: { a: "b" },
      destinationKeyId: software,
    });
    const opened = await kms.decrypt({ ciphertextBlob: moved.ciphertextBlob });
    expect(Buffer.from(opened.plaintext)).toEqual(Buffer.from(plaintext));
  });

  test("each version has one token object per mode, made on first use, and deletion destroys them all", async () => {
    const look = lookAt(tokens[name]);
    const { keyId, primaryKeyVersion } = await create("Aliyun_AES_256");
    const objects = () => look.labels().filter((label) => label.includes(keyId));
    expect(objects().map((label) => label.split(":").slice(2))).toEqual([[primaryKeyVersion, "GCM"]]);
    await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        kms.encrypt({ keyId, plaintext: bytes(16), algorithm: index % 2 === 0 ? "AES_CBC" : "AES_ECB" }),
      ),
    );
    expect(objects().map((label) => label.split(":")[3])).toEqual(["CBC", "ECB", "GCM"]);
    await kms.rotateKey({ keyId });
    expect(objects()).toHaveLength(4);
    await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
    expect(objects()).toHaveLength(4);
    time.advance({ days: 8 });
    await expect(kms.encrypt({ keyId, plaintext: bytes(1) })).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
    await kms.sweep();
    expect(objects()).toEqual([]);
  });

  test("an SM4 key says that it is wrapped by the token, and encrypts with GCM only", async () => {
    const { keyId, custody } = await create("Aliyun_SM4");
    expect(custody).toBe("token-wrapped");
    expect((await kms.describeKey({ keyId })).keyMetadata.custody).toBe("token-wrapped");
    const plaintext = bytes(100);
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext, encryptionContext: { a: "b" } });
    const opened = await kms.decrypt({ ciphertextBlob, encryptionContext: { a: "b" } });
    expect(Buffer.from(opened.plaintext)).toEqual(Buffer.from(plaintext));
    const cbc = kms.encrypt({ keyId, plaintext, algorithm: "AES_CBC" });
    await expect(cbc).rejects.toMatchObject({ code: "UnsupportedOperation" });
  });
});

describe("the right to Encrypt alone", () => {
  /** What an attacker does with an ECB of the same key: encrypts the counter blocks of a GCM ciphertext, and so decrypts it. */
  async function keystreamAttack(
    gcm: { iv: Uint8Array; ciphertext: Uint8Array },
    ecb: (block: Uint8Array) => Promise<Uint8Array>,
  ) {
    const counterBlock = new Uint8Array([...gcm.iv, 0, 0, 0, 2]);
    const keystream = await ecb(counterBlock);
    return Buffer.from(gcm.ciphertext.subarray(0, 16).map((byte, index) => byte ^ (keystream[index] ?? 0)));
  }
  const secret = Buffer.from("sixteen letters!");

  test("breaks GCM where one key has two modes (the attack works)", async () => {
    const key = randomBytes(32);
    const iv = randomBytes(12);
    const ciphertext = createCipheriv("aes-256-gcm", key, iv).update(secret);
    const ecb = async (block: Uint8Array) =>
      createCipheriv("aes-256-ecb", key, null).setAutoPadding(false).update(block);
    expect(await keystreamAttack({ iv, ciphertext }, ecb)).toEqual(secret);
  });

  test.each(["SoftHSM", "NSS"] as const)("does not break it on %s, where it gets one key per mode", async (name) => {
    await using kms = await Kms.open({ store: memoryStore(), rootKey, sweepSeconds: false, hsm: pkcs11(tokens[name]) });
    const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext: new Uint8Array(secret) });
    const [prefix, iv, ciphertext] = [
      [0, 36],
      [36, 48],
      [48, ciphertextBlob.length],
    ].map(([start, end]) => ciphertextBlob.slice(start, end)) as [Uint8Array, Uint8Array, Uint8Array];
    for (const algorithm of ["AES_ECB", "AES_CBC"] as const) {
      const more = algorithm === "AES_CBC" ? { iv: new Uint8Array(16) } : {};
      const first = algorithm === "AES_CBC" ? 55 : 39;
      const encryptBlock = async (plaintext: Uint8Array) => {
        const answer = await kms.encrypt({ keyId, plaintext, algorithm, paddingMode: "NO_PADDING", ...more });
        return answer.ciphertextBlob.subarray(first, first + 16);
      };
      expect(await keystreamAttack({ iv, ciphertext }, encryptBlock)).not.toEqual(secret);
    }
    // Nor does a new header make another mode of it: what comes out is neither the secret nor its keystream.
    const body = ciphertext.subarray(0, 16);
    for (const header of [
      [0x24, 2, 4, ...prefix],
      [0x24, 2, 3, ...prefix, ...new Uint8Array(16)],
    ]) {
      const relabelled = new Uint8Array([...header, ...body]);
      const { plaintext } = await kms.decrypt({ ciphertextBlob: relabelled });
      expect(Buffer.from(plaintext)).not.toEqual(secret);
    }
    const asCiphertext = await kms.encrypt({
      keyId,
      plaintext: new Uint8Array(32),
      algorithm: "AES_ECB",
      paddingMode: "NO_PADDING",
    });
    const asGcm = new Uint8Array([...prefix, ...iv, ...asCiphertext.ciphertextBlob.subarray(39)]);
    await expect(kms.decrypt({ ciphertextBlob: asGcm })).rejects.toMatchObject({ code: "InvalidParameter" });
  });
});
