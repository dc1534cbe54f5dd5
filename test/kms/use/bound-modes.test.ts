import type { CipherRequest, Kms } from "lanelock/kms";
import { beforeEach, describe, expect, test } from "vitest";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { openKms } from "../open-kms.ts";

const plaintext = new Uint8Array(16).fill(5);
const notGenuine = { code: "InvalidParameter", message: 'The specified parameter "CiphertextBlob" is not valid.' };

let hsm: NodeCryptoProvider;
let kms: Kms;
let asked: CipherRequest[];
beforeEach(async () => {
  hsm = new NodeCryptoProvider();
  asked = [];
  const load = hsm.loadCipherKey.bind(hsm);
  hsm.loadCipherKey = async (object) => {
    const key = await load(object);
    return {
      ...key,
      encrypt: (request) => {
        asked.push(request);
        return key.encrypt(request);
      },
    };
  };
  kms = await openKms({ hsm, allowSeeding: true });
  return () => kms.close();
});

describe("a key whose material was imported for CBC", () => {
  const named = { keyId: "key-cbc", keyVersionId: "c".repeat(36) };
  beforeEach(async () => {
    const material = new Uint8Array(32).fill(1);
    await kms.seedKey({ ...named, protectionLevel: "HSM", importMode: "CBC", material });
  });

  test("encrypts in CBC where nothing else is asked for", async () => {
    const { iv, ciphertextBlob } = await kms.encrypt({ keyId: named.keyId, plaintext });
    expect(iv).toHaveLength(16);
    expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
    expect(asked.map(({ padding }) => padding)).toEqual(["PKCS7_PADDING"]);
  });

  test.each(["AES_GCM", "AES_ECB"] as const)("refuses %s, and says what it is bound to", async (algorithm) => {
    await expect(kms.encrypt({ keyId: named.keyId, plaintext, algorithm })).rejects.toMatchObject({
      ...{ code: "UnsupportedOperation", message: expect.stringMatching(/bound to CBC/) },
    });
  });
});

test("GCM is asked for without padding, CBC and ECB with theirs", async () => {
  const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
  await kms.encrypt({ keyId, plaintext });
  await kms.encrypt({ keyId, plaintext, algorithm: "AES_CBC" });
  await kms.encrypt({ keyId, plaintext, algorithm: "AES_ECB", paddingMode: "NO_PADDING" });
  expect(asked.map(({ padding }) => padding)).toEqual([undefined, "PKCS7_PADDING", "NO_PADDING"]);
});

describe("a forged blob", () => {
  const forge = (versionId: string, mode?: number) => {
    const header = mode === undefined ? Buffer.alloc(0) : Buffer.of(0x24, 1, mode);
    return new Uint8Array(Buffer.concat([header, Buffer.from(versionId), Buffer.alloc(48, 7)]));
  };

  test("of a mode that the key was never used in makes no object of that mode", async () => {
    const { primaryKeyVersion = "" } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
    for (const mode of [3, 4]) {
      for (let times = 0; times < 2; times++) {
        const ciphertextBlob = forge(primaryKeyVersion, mode);
        await expect(kms.decrypt({ ciphertextBlob })).rejects.toMatchObject(notGenuine);
      }
    }
    expect(hsm.keys.size).toBe(1);
  });

  test("of the version of a key pair has the answer of every other", async () => {
    const { keyId } = (await kms.createKey({ keySpec: "EC_P256", keyUsage: "ENCRYPT/DECRYPT" })).keyMetadata;
    const [version] = (await kms.listKeyVersions({ keyId })).keyVersions;
    for (const mode of [undefined, 3, 4]) {
      const ciphertextBlob = forge(version?.keyVersionId ?? "", mode);
      await expect(kms.decrypt({ ciphertextBlob })).rejects.toMatchObject(notGenuine);
    }
  });
});
