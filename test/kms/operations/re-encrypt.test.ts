import { constants, createPublicKey, publicEncrypt } from "node:crypto";
import type { AuditEvent, ReEncryptRequest } from "lanelock/kms";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKeyId, openKms } from "../open-kms.ts";

const events: AuditEvent[] = [];
let kms: Awaited<ReturnType<typeof openKms>>;
let destination: string;
beforeAll(async () => {
  kms = await openKms({ audit: (event) => void events.push(event) });
  destination = await createKeyId(kms);
});
afterAll(() => kms.close());

const secret = new TextEncoder().encode("a data key from elsewhere");

async function asymmetric(keySpec: "RSA_2048" | "EC_P256", keyUsage?: "ENCRYPT/DECRYPT") {
  const { keyId } = (await kms.createKey({ keySpec, keyUsage })).keyMetadata;
  const { keyVersions } = await kms.listKeyVersions({ keyId });
  return { sourceKeyId: keyId, sourceKeyVersionId: keyVersions[0]?.keyVersionId ?? "" };
}

describe("ReEncrypt of a ciphertext made under a public key", () => {
  let source: { sourceKeyId: string; sourceKeyVersionId: string };
  let pem: string;
  beforeAll(async () => {
    source = await asymmetric("RSA_2048", "ENCRYPT/DECRYPT");
    const named = { keyId: source.sourceKeyId, keyVersionId: source.sourceKeyVersionId };
    pem = (await kms.getPublicKey(named)).publicKey;
  });

  const wrapped = (oaepHash: string) =>
    new Uint8Array(
      publicEncrypt({ key: createPublicKey(pem), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, secret),
    );
  const request = (): ReEncryptRequest => ({
    ...source,
    ciphertextBlob: wrapped("sha256"),
    sourceEncryptionAlgorithm: "RSAES_OAEP_SHA_256",
    destinationKeyId: destination,
  });

  test.each([
    ["RSAES_OAEP_SHA_256", "sha256"],
    ["RSAES_OAEP_SHA_1", "sha1"],
  ] as const)("%s: node:crypto wrapped it, Decrypt opens it, and the answer names the source", async (name, hash) => {
    const destinationEncryptionContext = { tenant: "42" };
    const answer = await kms.reEncrypt({
      ...request(),
      ciphertextBlob: wrapped(hash),
      sourceEncryptionAlgorithm: name,
      destinationEncryptionContext,
    });
    expect(answer).toMatchObject({ keyId: source.sourceKeyId, keyVersionId: source.sourceKeyVersionId });
    const opened = await kms.decrypt({
      ciphertextBlob: answer.ciphertextBlob,
      encryptionContext: destinationEncryptionContext,
      keyId: destination,
    });
    expect(opened.plaintext).toEqual(secret);
    await expect.poll(() => events.at(-1)?.operation).toBe("Decrypt");
    expect(events.at(-2)).toMatchObject({
      ...{ operation: "ReEncrypt", keyId: destination, outcome: "OK" },
      note: `from ${source.sourceKeyVersionId}`,
    });
  });

  test("needs every field of the source, and takes none that is for blobs", async () => {
    for (const field of ["sourceKeyId", "sourceKeyVersionId", "sourceEncryptionAlgorithm"] as const) {
      const attempt = kms.reEncrypt({ ...request(), [field]: undefined });
      const parameter = field.replace(/^s/, "S");
      const message = expect.stringContaining(`"${parameter}"`);
      await expect(attempt).rejects.toMatchObject({ code: "MissingParameter", message });
    }
    const withContext = kms.reEncrypt({ ...request(), sourceEncryptionContext: { a: "b" } });
    const message = expect.stringContaining("SourceEncryptionContext");
    await expect(withContext).rejects.toMatchObject({ code: "InvalidParameter", message });
    const withKey = kms.reEncrypt({ ...request(), keyId: source.sourceKeyId });
    await expect(withKey).rejects.toMatchObject({
      code: "InvalidParameter",
      message: expect.stringContaining("KeyId"),
    });
  });

  test("refuses other algorithms, keys for signing, symmetric keys, and targets that are asymmetric", async () => {
    for (const algorithm of ["SM2PKE", "ECIES_DH_SHA_1_XOR_HMAC", "RSAES_PKCS1_V1_5", ""]) {
      const attempt = kms.reEncrypt({ ...request(), sourceEncryptionAlgorithm: algorithm as "RSAES_OAEP_SHA_1" });
      await expect(attempt, algorithm).rejects.toMatchObject({ code: "InvalidParameter" });
    }
    const unsupported = { code: "Rejected.UnsupportedOperation", httpStatus: 400 };
    for (const wrong of [await asymmetric("RSA_2048"), await asymmetric("EC_P256", "ENCRYPT/DECRYPT")]) {
      await expect(kms.reEncrypt({ ...request(), ...wrong })).rejects.toMatchObject(unsupported);
    }
    const { primaryKeyVersion = "" } = (await kms.describeKey({ keyId: destination })).keyMetadata;
    const symmetric = { sourceKeyId: destination, sourceKeyVersionId: primaryKeyVersion };
    await expect(kms.reEncrypt({ ...request(), ...symmetric })).rejects.toMatchObject(unsupported);
    const back = kms.reEncrypt({ ...request(), destinationKeyId: source.sourceKeyId });
    await expect(back).rejects.toMatchObject(unsupported);
  });

  test("has one error for every fault of the ciphertext", async () => {
    const changed = wrapped("sha256");
    changed[100] = (changed[100] ?? 0) ^ 1;
    for (const ciphertextBlob of [changed, wrapped("sha1"), changed.subarray(1), new Uint8Array(0)]) {
      await expect(kms.reEncrypt({ ...request(), ciphertextBlob })).rejects.toMatchObject({
        code: "InvalidParameter",
        message: 'The specified parameter "CiphertextBlob" is not valid.',
      });
    }
  });

  test("is refused while the source is disabled, and while the destination is", async () => {
    for (const keyId of [source.sourceKeyId, destination]) {
      await kms.disableKey({ keyId });
      await expect(kms.reEncrypt(request())).rejects.toMatchObject({ code: "Rejected.Disabled", httpStatus: 409 });
      await kms.enableKey({ keyId });
    }
    await kms.reEncrypt(request());
  });
});
