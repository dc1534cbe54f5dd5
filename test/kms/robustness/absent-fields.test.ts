import type { EncryptRequest, GenerateDataKeyRequest } from "lanelock/kms";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { createKeyId, openKms } from "../open-kms.ts";

let kms: Awaited<ReturnType<typeof openKms>>;
let keyId: string;
let tokenKeyId: string;
beforeAll(async () => {
  kms = await openKms({ hsm: new NodeCryptoProvider("HSM") });
  keyId = await createKeyId(kms);
  tokenKeyId = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata.keyId;
});
afterAll(() => kms.close());

/** What a JavaScript caller may pass where the types say otherwise. */
const as = <T>(value: unknown) => value as T;
const plaintext = new Uint8Array(16);
const invalid = { code: "InvalidParameter", httpStatus: 400 };

/** What JavaScript takes for false, and a request must not take for absent. */
const EMPTY = ["", 0, false, Number.NaN, 0n];

describe("an optional field that is null is absent", () => {
  test("a data key has its 32 bytes", async () => {
    for (const fields of [{ keySpec: null }, { numberOfBytes: null }, { keySpec: null, numberOfBytes: null }]) {
      const request = as<GenerateDataKeyRequest>({ keyId, ...fields });
      const made = await kms.generateDataKey(request);
      expect(made.plaintext).toHaveLength(32);
      const opened = await kms.decrypt({ ciphertextBlob: made.ciphertextBlob });
      expect(opened.plaintext).toEqual(made.plaintext);
      const hidden = await kms.generateDataKeyWithoutPlaintext(request);
      expect((await kms.decrypt({ ciphertextBlob: hidden.ciphertextBlob })).plaintext).toHaveLength(32);
    }
  });

  test("encryption takes the key's defaults", async () => {
    const nothing = { algorithm: null, paddingMode: null, iv: null, encryptionContext: null, dryRun: null };
    for (const key of [keyId, tokenKeyId]) {
      const sealed = await kms.encrypt(as<EncryptRequest>({ keyId: key, plaintext, ...nothing }));
      expect(sealed.ciphertextBlob).toHaveLength(80);
      expect((await kms.decrypt({ ciphertextBlob: sealed.ciphertextBlob })).plaintext).toEqual(plaintext);
    }
    const cbc = { keyId: tokenKeyId, plaintext, algorithm: "AES_CBC", paddingMode: null, iv: null };
    const { ciphertextBlob } = await kms.encrypt(as<EncryptRequest>(cbc));
    expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
  });

  test("a key is created with the defaults", async () => {
    const nothing = Object.fromEntries(
      [
        ...["description", "keySpec", "keyUsage", "origin", "protectionLevel", "enableAutomaticRotation"],
        ...["rotationInterval", "tags", "importMode"],
      ].map((name) => [name, null]),
    );
    const { keyMetadata } = await kms.createKey(as(nothing));
    expect(keyMetadata).toMatchObject({
      keySpec: "Aliyun_AES_256",
      origin: "Aliyun_KMS",
      automaticRotation: "Disabled",
    });
  });

  test("signing takes the key's default algorithm, and a message in place of a digest that is null", async () => {
    const key = (await kms.createKey({ keySpec: "EC_P256" })).keyMetadata.keyId;
    const keyVersionId = (await kms.listKeyVersions({ keyId: key })).keyVersions[0]?.keyVersionId;
    const message = plaintext;
    const nothing = { algorithm: null, digest: null, messageType: null };
    const { value } = await kms.asymmetricSign(as({ keyId: key, keyVersionId, message, ...nothing }));
    const verdict = await kms.asymmetricVerify(as({ keyId: key, keyVersionId, message, value, ...nothing }));
    expect(verdict.value).toBe(true);
    const digest = { keyId: key, keyVersionId, digest: new Uint8Array(32), message: null };
    expect((await kms.asymmetricSign(as(digest))).value.length).toBeGreaterThan(60);
  });

  test("but the key that a blob must belong to is not: to leave it out, omit the field", async () => {
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    const missing = { code: "MissingParameter" };
    await expect(kms.decrypt(as({ ciphertextBlob, keyId: null }))).rejects.toMatchObject(missing);
    const move = { ciphertextBlob, keyId: null, destinationKeyId: keyId };
    await expect(kms.reEncrypt(as(move))).rejects.toMatchObject(missing);
  });
});

describe("an optional field that is empty is not absent", () => {
  test.each(["algorithm", "paddingMode", "iv"])("%s of Encrypt", async (field) => {
    for (const value of EMPTY) {
      for (const algorithm of ["AES_GCM", "AES_CBC", "AES_ECB"]) {
        const request = { keyId: tokenKeyId, plaintext, algorithm, [field]: value };
        await expect(kms.encrypt(as<EncryptRequest>(request)), `${field} ${String(value)}`).rejects.toMatchObject(
          invalid,
        );
      }
    }
  });

  test.each(["keySpec", "numberOfBytes", "dataKeyEncoding", "dryRun"])("%s of GenerateDataKey", async (field) => {
    for (const value of EMPTY.filter((empty) => !(field === "dryRun" && empty === false))) {
      const attempt = kms.generateDataKey(as<GenerateDataKeyRequest>({ keyId, [field]: value }));
      await expect(attempt, `${field} ${String(value)}`).rejects.toMatchObject(invalid);
    }
  });

  test.each(["keySpec", "keyUsage", "origin", "protectionLevel", "importMode", "tags", "rotationInterval"])(
    "%s of CreateKey",
    async (field) => {
      for (const value of EMPTY) {
        const attempt = kms.createKey(as({ enableAutomaticRotation: true, rotationInterval: "7d", [field]: value }));
        await expect(attempt, `${field} ${String(value)}`).rejects.toMatchObject(invalid);
      }
    },
  );
});
