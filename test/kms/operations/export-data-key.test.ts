import { constants, generateKeyPairSync, privateDecrypt, randomBytes } from "node:crypto";
import type { ExportAlgorithm, Kms } from "lanelock/kms";
import { beforeEach, describe, expect, test } from "vitest";
import { createKeyId, openKms } from "../open-kms.ts";

const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const publicKeyBlob = new Uint8Array(publicKey.export({ format: "der", type: "spki" }));
const recipient = { publicKeyBlob, wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_OAEP_SHA_256" } as const;
const algorithms: ExportAlgorithm[] = ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"];

function unwrap(exported: Uint8Array, algorithm: ExportAlgorithm = "RSAES_OAEP_SHA_256"): Uint8Array {
  const oaepHash = algorithm === "RSAES_OAEP_SHA_256" ? "sha256" : "sha1";
  return new Uint8Array(
    privateDecrypt({ key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, exported),
  );
}

let kms: Kms;
let keyId: string;
const encryptionContext = { purpose: "export" };
beforeEach(async () => {
  kms = await openKms();
  keyId = await createKeyId(kms);
  return () => kms.close();
});

describe("ExportDataKey", () => {
  test.each(algorithms)("gives the data key to the holder of the private key, by %s", async (wrappingAlgorithm) => {
    for (const numberOfBytes of [1, 16, 32, 190]) {
      const made = await kms.generateDataKey({ keyId, numberOfBytes, encryptionContext });
      const { ciphertextBlob } = made;
      const exported = await kms.exportDataKey({ ...recipient, wrappingAlgorithm, ciphertextBlob, encryptionContext });
      expect(exported).toMatchObject({ keyId, keyVersionId: made.keyVersionId });
      expect(exported.exportedDataKey).toHaveLength(256);
      expect(unwrap(exported.exportedDataKey, wrappingAlgorithm)).toEqual(made.plaintext);
    }
  });

  test("a data key made in base64 comes out as its bytes", async () => {
    const dataKeyEncoding = "base64";
    const { ciphertextBlob, plaintext } = await kms.generateDataKey({ keyId, dataKeyEncoding });
    expect(ciphertextBlob).toHaveLength(108);
    const { exportedDataKey } = await kms.exportDataKey({ ...recipient, ciphertextBlob, dataKeyEncoding });
    expect(unwrap(exportedDataKey)).toEqual(plaintext);
    const raw = await kms.generateDataKey({ keyId });
    await expect(
      kms.exportDataKey({ ...recipient, ciphertextBlob: raw.ciphertextBlob, dataKeyEncoding }),
    ).rejects.toMatchObject({ code: "InvalidParameter", message: expect.stringContaining("CiphertextBlob") });
  });

  test("input that is too long, empty, forged or under another context is refused", async () => {
    const { ciphertextBlob } = await kms.generateDataKey({ keyId, numberOfBytes: 191 });
    await expect(kms.exportDataKey({ ...recipient, ciphertextBlob })).rejects.toMatchObject({
      code: "InvalidParameter",
      message: expect.stringContaining("190 bytes"),
    });
    const empty = await kms.encrypt({ keyId, plaintext: new Uint8Array(0) });
    const forged = ciphertextBlob.map((byte, i) => (i === 60 ? byte ^ 1 : byte));
    for (const blob of [empty.ciphertextBlob, forged, new Uint8Array(0), randomBytes(100)]) {
      await expect(kms.exportDataKey({ ...recipient, ciphertextBlob: blob })).rejects.toMatchObject({
        code: "InvalidParameter",
        message: expect.stringContaining("CiphertextBlob"),
      });
    }
    const bound = await kms.generateDataKey({ keyId, encryptionContext });
    const elsewhere = { ...recipient, ciphertextBlob: bound.ciphertextBlob, encryptionContext: { purpose: "other" } };
    await expect(kms.exportDataKey(elsewhere)).rejects.toMatchObject({ code: "InvalidParameter" });
  });

  test("a disabled key exports nothing", async () => {
    const { ciphertextBlob } = await kms.generateDataKey({ keyId });
    await kms.disableKey({ keyId });
    const refused = { code: "Rejected.Disabled" };
    await expect(kms.exportDataKey({ ...recipient, ciphertextBlob })).rejects.toMatchObject(refused);
    await expect(kms.generateAndExportDataKey({ ...recipient, keyId })).rejects.toMatchObject(refused);
  });
});

describe("GenerateAndExportDataKey", () => {
  test.each(algorithms)(
    "gives the blob and the same data key under the public key, by %s",
    async (wrappingAlgorithm) => {
      const request = { ...recipient, wrappingAlgorithm, keyId, encryptionContext };
      const lengths = [{}, { keySpec: "AES_128" }, { keySpec: "AES_256" }, { numberOfBytes: 48 }] as const;
      for (const [index, length] of lengths.entries()) {
        const made = await kms.generateAndExportDataKey({ ...request, ...length });
        expect(Object.keys(made).sort()).toEqual(["ciphertextBlob", "exportedDataKey", "keyId", "keyVersionId"]);
        const { ciphertextBlob } = made;
        const { plaintext } = await kms.decrypt({ ciphertextBlob, encryptionContext });
        expect(unwrap(made.exportedDataKey, wrappingAlgorithm)).toEqual(plaintext);
        expect(plaintext).toHaveLength([32, 16, 32, 48][index] ?? 0);
      }
    },
  );

  test.each([
    ["no public key", { publicKeyBlob: undefined }, "MissingParameter", "PublicKeyBlob"],
    ["a public key of text", { publicKeyBlob: "MIIB" }, "InvalidParameter", "PublicKeyBlob"],
    ["a public key cut short", { publicKeyBlob: publicKeyBlob.subarray(1) }, "InvalidParameter", "PublicKeyBlob"],
    ["a public key of a megabyte", { publicKeyBlob: new Uint8Array(1_000_000) }, "InvalidParameter", "PublicKeyBlob"],
    ["no wrapping spec", { wrappingKeySpec: undefined }, "MissingParameter", "WrappingKeySpec"],
    ["another wrapping spec", { wrappingKeySpec: "EC_SM2" }, "InvalidParameter", "WrappingKeySpec"],
    ["no algorithm", { wrappingAlgorithm: undefined }, "MissingParameter", "WrappingAlgorithm"],
    ["PKCS#1 v1.5", { wrappingAlgorithm: "RSAES_PKCS1_V1_5" }, "InvalidParameter", "WrappingAlgorithm"],
    ["too long a data key", { numberOfBytes: 191 }, "InvalidParameter", "190 bytes"],
    ["no key", { keyId: undefined }, "MissingParameter", "KeyId"],
  ])("%s is refused", async (_, fields, code, parameter) => {
    const request = { ...recipient, keyId, ...fields } as Parameters<Kms["generateAndExportDataKey"]>[0];
    const answer = { code, message: expect.stringContaining(parameter) };
    await expect(kms.generateAndExportDataKey(request)).rejects.toMatchObject(answer);
  });
});
