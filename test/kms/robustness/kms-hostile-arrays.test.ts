import { constants, createHash, createPublicKey, publicEncrypt } from "node:crypto";
import { Kms } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { wraps } from "../../bad-input/arrays-with-code.ts";
import { unusableBytes } from "../../bad-input/hostile-values.ts";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { openKms, rootKey } from "../open-kms.ts";

// Arrays with code in them are taken for what they hold: limits are of the bytes there are, and a call that waits works on
// what it was given.

let kms: Kms;
const ids: Record<string, string> = {};
beforeAll(async () => {
  kms = await openKms({ hsm: new NodeCryptoProvider("HSM") });
  const create = async (name: string, request: object) => {
    ids[name] = (await kms.createKey(request)).keyMetadata.keyId;
  };
  await create("SOFTWARE", {});
  await create("HSM", { protectionLevel: "HSM" });
  await create("rsa", { keySpec: "RSA_2048", keyUsage: "ENCRYPT/DECRYPT" });
  await create("ec", { keySpec: "EC_P256", keyUsage: "SIGN/VERIFY" });
});
afterAll(() => kms.close());

const id = (name: string) => ids[name] ?? "";
const plaintext = new TextEncoder().encode("sixteen bytes ok");
const encryptionContext = { a: "1" };

async function versionOf(name: string): Promise<string> {
  const { keyVersions } = await kms.listKeyVersions({ keyId: id(name) });
  return keyVersions[0]?.keyVersionId ?? "";
}

describe.each(wraps)("arrays %s", (_, wrap) => {
  test.each(["SOFTWARE", "HSM"])("Encrypt, Decrypt and ReEncrypt with a %s key, cold and warm", async (level) => {
    const keyId = id(level);
    for (let i = 0; i < 2; i++) {
      const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext: wrap(plaintext), encryptionContext });
      expect(ciphertextBlob.length).toBe(plaintext.length + 64);
      expect((await kms.decrypt({ ciphertextBlob, encryptionContext })).plaintext).toEqual(plaintext);
      const opened = await kms.decrypt({ ciphertextBlob: wrap(ciphertextBlob), encryptionContext });
      expect(opened.plaintext).toEqual(plaintext);
      const request = { ciphertextBlob: wrap(ciphertextBlob), sourceEncryptionContext: encryptionContext };
      const moved = await kms.reEncrypt({ ...request, destinationKeyId: keyId });
      expect((await kms.decrypt({ ciphertextBlob: moved.ciphertextBlob })).plaintext).toEqual(plaintext);
    }
    const long = wrap(new Uint8Array(6_145));
    await expect(kms.encrypt({ keyId, plaintext: long })).rejects.toMatchObject({ code: "InvalidParameter" });
  });

  test("the IV of CBC", async () => {
    const [keyId, iv] = [id("HSM"), new Uint8Array(16).fill(7)];
    const cbc = { keyId, plaintext, algorithm: "AES_CBC" as const };
    const expected = await kms.encrypt({ ...cbc, iv });
    expect((await kms.encrypt({ ...cbc, iv: wrap(iv) })).ciphertextBlob).toEqual(expected.ciphertextBlob);
    const wrong = kms.encrypt({ ...cbc, iv: wrap(new Uint8Array(17)) });
    await expect(wrong).rejects.toMatchObject({ code: "InvalidParameter" });
  });

  test("asymmetric keys", async () => {
    const rsa = { keyId: id("rsa"), keyVersionId: await versionOf("rsa"), algorithm: "RSAES_OAEP_SHA_256" as const };
    const { ciphertextBlob } = await kms.asymmetricEncrypt({ ...rsa, plaintext: wrap(plaintext) });
    const opened = await kms.asymmetricDecrypt({ ...rsa, ciphertextBlob: wrap(ciphertextBlob) });
    expect(opened.plaintext).toEqual(plaintext);
    const ec = { keyId: id("ec"), keyVersionId: await versionOf("ec"), algorithm: "ECDSA_SHA_256" as const };
    const digest = new Uint8Array(createHash("sha256").update(plaintext).digest());
    const { value } = await kms.asymmetricSign({ ...ec, digest: wrap(digest) });
    expect(await kms.asymmetricVerify({ ...ec, digest, value })).toMatchObject({ value: true });
    expect(await kms.asymmetricVerify({ ...ec, digest: wrap(digest), value: wrap(value) })).toMatchObject({
      value: true,
    });
    const message = await kms.asymmetricSign({ ...ec, message: wrap(plaintext) });
    expect(await kms.asymmetricVerify({ ...ec, digest, value: message.value })).toMatchObject({ value: true });
    const short = kms.asymmetricSign({ ...ec, digest: wrap(new Uint8Array(31)) });
    await expect(short).rejects.toMatchObject({ code: "InvalidParameter" });
  });

  test("imported material", async () => {
    // The KMS takes the same material for no other key.
    const material = crypto.getRandomValues(new Uint8Array(32));
    const { keyMetadata } = await kms.createKey({ origin: "EXTERNAL" });
    const wrapping = { wrappingAlgorithm: "RSAES_OAEP_SHA_256", wrappingKeySpec: "RSA_2048" } as const;
    const parameters = await kms.getParametersForImport({ keyId: keyMetadata.keyId, ...wrapping });
    const key = createPublicKey({ key: Buffer.from(parameters.publicKey), format: "der", type: "spki" });
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const encrypted = publicEncrypt({ key, padding, oaepHash: "sha256" }, material);
    await kms.importKeyMaterial({
      keyId: keyMetadata.keyId,
      importToken: wrap(parameters.importToken),
      encryptedKeyMaterial: wrap(encrypted),
      keyMaterialExpireUnix: 0,
    });
    const { ciphertextBlob } = await kms.encrypt({ keyId: keyMetadata.keyId, plaintext });
    expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
  });

  test("a root key", async () => {
    const store = memoryStore();
    const first = await Kms.open({ store, rootKey });
    const { keyId } = (await first.createKey({})).keyMetadata;
    const { ciphertextBlob } = await first.encrypt({ keyId, plaintext });
    await first.close();
    const second = await Kms.open({ store, rootKey: wrap(rootKey) });
    expect((await second.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
    await second.close();
    await expect(Kms.open({ store: memoryStore(), rootKey: wrap(new Uint8Array(31)) })).rejects.toMatchObject({
      code: "ERR_KEY",
    });
  });
});

test.each(Object.entries(unusableBytes))("%s is refused by name", async (_, make) => {
  const keyId = id("SOFTWARE");
  const refused = { code: "InvalidParameter", message: expect.stringContaining("detached or shared") };
  await expect(kms.encrypt({ keyId, plaintext: make(16) })).rejects.toMatchObject(refused);
  await expect(kms.decrypt({ ciphertextBlob: make(96) })).rejects.toMatchObject(refused);
  await expect(Kms.open({ store: memoryStore(), rootKey: make(32) })).rejects.toMatchObject({ code: "ERR_BUFFER" });
});
