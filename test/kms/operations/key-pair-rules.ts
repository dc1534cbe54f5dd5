import crypto from "node:crypto";
import type { AsymmetricEncryptionAlgorithm, AsymmetricKeySpec, KeyUsage, Kms, SignatureAlgorithm } from "lanelock/kms";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keptKey } from "../../asymmetric/test-keys.ts";
import { openKms } from "../open-kms.ts";

export const message = new TextEncoder().encode("signed by a key that stays where it is");
export const digest = new Uint8Array(crypto.createHash("sha256").update(message).digest());

/** Keys of the large specs are seeded, with kept material: the long tests generate them. */
export async function createVersioned(kms: Kms, keySpec: AsymmetricKeySpec, keyUsage?: KeyUsage) {
  const material = keySpec === "RSA_2048" || keyUsage ? undefined : keptKey(keySpec);
  if (material) {
    const named = { keyId: crypto.randomUUID(), keyVersionId: crypto.randomUUID() };
    await kms.seedKey({ ...named, keySpec, material });
    return named;
  }
  const { keyMetadata } = await kms.createKey({ keySpec, keyUsage });
  const { keyVersions } = await kms.listKeyVersions({ keyId: keyMetadata.keyId });
  return { keyId: keyMetadata.keyId, keyVersionId: keyVersions[0]?.keyVersionId ?? "" };
}

const isRsa = (spec: string) => spec.startsWith("RSA");
const { RSA_PKCS1_PSS_PADDING, RSA_PKCS1_PADDING, RSA_PKCS1_OAEP_PADDING } = crypto.constants;

/** What a key pair of this spec does. */
export function describeSpec(keySpec: AsymmetricKeySpec): void {
  describe(keySpec, () => specRules(keySpec));
}

function specRules(keySpec: AsymmetricKeySpec): void {
  let kms: Kms;
  let signer: { keyId: string; keyVersionId: string };
  let reader: { keyId: string; keyVersionId: string };
  beforeAll(async () => {
    kms = await openKms({ allowSeeding: true });
    signer = await createVersioned(kms, keySpec);
    reader = await createVersioned(kms, keySpec, "ENCRYPT/DECRYPT");
  });
  afterAll(() => kms.close());

  test("signs unless its usage is encryption, and has versions but no primary one", async () => {
    const { keyMetadata } = await kms.describeKey({ keyId: signer.keyId });
    expect(keyMetadata).toMatchObject({ keySpec, keyUsage: "SIGN/VERIFY", keyState: "Enabled", custody: "software" });
    expect(keyMetadata.primaryKeyVersion).toBeUndefined();
    expect(keyMetadata.automaticRotation).toBe("Disabled");
    const other = await kms.describeKey({ keyId: reader.keyId });
    expect(other.keyMetadata.keyUsage).toBe("ENCRYPT/DECRYPT");
  });

  const signatures: SignatureAlgorithm[] = isRsa(keySpec)
    ? ["RSA_PSS_SHA_256", "RSA_PKCS1_SHA_256"]
    : ["ECDSA_SHA_256"];

  test.each([undefined, ...signatures])("node:crypto verifies %s under the PEM, and the reverse", async (algorithm) => {
    const { publicKey, ...named } = await kms.getPublicKey(signer);
    expect(named).toEqual(signer);
    expect(publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----\n[\w+/=\n]+\n-----END PUBLIC KEY-----\n$/);
    const padding = (algorithm ?? signatures[0]) === "RSA_PKCS1_SHA_256" ? RSA_PKCS1_PADDING : RSA_PKCS1_PSS_PADDING;
    const key = isRsa(keySpec) ? { key: publicKey, padding, saltLength: 32 } : publicKey;
    for (const input of [{ digest }, { message }, { message: digest, messageType: "DIGEST" as const }]) {
      const signed = await kms.asymmetricSign({ ...signer, ...(algorithm && { algorithm }), ...input });
      expect(signed).toMatchObject(signer);
      expect(crypto.verify("sha256", message, key, signed.value)).toBe(true);
      for (const check of [{ digest }, { message }]) {
        const request = { ...signer, ...check, ...(algorithm && { algorithm }), value: signed.value };
        expect(await kms.asymmetricVerify(request)).toEqual({ ...signer, value: true });
        const tampered = { ...request, value: signed.value.map((byte, i) => (i === 9 ? byte ^ 1 : byte)) };
        expect(await kms.asymmetricVerify(tampered)).toEqual({ ...signer, value: false });
      }
    }
    for (const value of [new Uint8Array(0), new Uint8Array(1), new Uint8Array(100_000)]) {
      expect((await kms.asymmetricVerify({ ...signer, digest, value })).value).toBe(false);
    }
  });

  const limits: [AsymmetricEncryptionAlgorithm, number][] = isRsa(keySpec)
    ? [
        ["RSAES_OAEP_SHA_256", { RSA_2048: 190, RSA_3072: 318, RSA_4096: 446 }[keySpec as "RSA_2048"]],
        ["RSAES_OAEP_SHA_1", { RSA_2048: 214, RSA_3072: 342, RSA_4096: 470 }[keySpec as "RSA_2048"]],
      ]
    : [["ECIES_DH_SHA_1_XOR_HMAC", 6144]];

  test.each(limits)("%s takes up to %i bytes", async (algorithm, limit) => {
    const { publicKey } = await kms.getPublicKey(reader);
    for (const length of [0, 1, limit]) {
      const plaintext = new Uint8Array(crypto.randomBytes(length));
      const { ciphertextBlob, ...named } = await kms.asymmetricEncrypt({ ...reader, algorithm, plaintext });
      expect(named).toEqual(reader);
      const answer = await kms.asymmetricDecrypt({ ...reader, algorithm, ciphertextBlob });
      expect(answer).toEqual({ ...reader, plaintext });
      if (!isRsa(keySpec)) continue;
      const oaepHash = algorithm === "RSAES_OAEP_SHA_256" ? "sha256" : "sha1";
      const theirs = crypto.publicEncrypt({ key: publicKey, padding: RSA_PKCS1_OAEP_PADDING, oaepHash }, plaintext);
      expect((await kms.asymmetricDecrypt({ ...reader, algorithm, ciphertextBlob: theirs })).plaintext).toEqual(
        plaintext,
      );
    }
    for (const length of [limit + 1, 6145, 1_000_000]) {
      const plaintext = new Uint8Array(length);
      await expect(kms.asymmetricEncrypt({ ...reader, algorithm, plaintext })).rejects.toMatchObject({
        code: "InvalidParameter",
        message: expect.stringMatching(new RegExp(`"Plaintext" is not valid.*\\b(${limit}|6144) bytes`)),
      });
    }
  });

  test("every bad ciphertext has the one answer", async () => {
    const algorithm = limits[0]?.[0];
    const { ciphertextBlob } = await kms.asymmetricEncrypt({ ...reader, plaintext: message });
    const bad = [
      ciphertextBlob.map((byte, i) => (i === 70 ? byte ^ 1 : byte)),
      ciphertextBlob.subarray(1),
      ciphertextBlob.subarray(0, -1),
      new Uint8Array(0),
      new Uint8Array(ciphertextBlob.length),
      new Uint8Array(ciphertextBlob.length).fill(255),
      new Uint8Array(1_000_000),
    ];
    for (const blob of bad) {
      await expect(kms.asymmetricDecrypt({ ...reader, algorithm, ciphertextBlob: blob })).rejects.toMatchObject({
        code: "InvalidParameter",
        httpStatus: 400,
        message: 'The specified parameter "CiphertextBlob" is not valid.',
      });
    }
  });

  test("the wrong usage and the algorithms of others are refused", async () => {
    const foreign = isRsa(keySpec) ? "ECIES_DH_SHA_1_XOR_HMAC" : "RSAES_OAEP_SHA_256";
    const foreignSignature = isRsa(keySpec) ? "ECDSA_SHA_256" : "RSA_PSS_SHA_256";
    const value = new Uint8Array(64);
    const attempts = [
      kms.asymmetricEncrypt({ ...signer, plaintext: message }),
      kms.asymmetricDecrypt({ ...signer, ciphertextBlob: message }),
      kms.asymmetricSign({ ...reader, digest }),
      kms.asymmetricVerify({ ...reader, digest, value }),
      kms.asymmetricEncrypt({ ...reader, algorithm: foreign, plaintext: message }),
      kms.asymmetricDecrypt({ ...reader, algorithm: foreign, ciphertextBlob: message }),
      kms.asymmetricSign({ ...signer, algorithm: foreignSignature, digest }),
      kms.asymmetricVerify({ ...signer, algorithm: foreignSignature, digest, value }),
      kms.asymmetricSign({ ...signer, algorithm: "" as SignatureAlgorithm, digest }),
      kms.asymmetricSign({ ...signer, algorithm: "RSAES_OAEP_SHA_256" as SignatureAlgorithm, digest }),
    ];
    for (const attempt of attempts) {
      await expect(attempt).rejects.toMatchObject({ code: "Rejected.UnsupportedOperation", httpStatus: 400 });
    }
    const symmetric = [
      kms.encrypt({ keyId: signer.keyId, plaintext: message }),
      kms.generateDataKey({ keyId: reader.keyId }),
    ];
    for (const attempt of symmetric) {
      await expect(attempt).rejects.toMatchObject({ code: "Rejected.UnsupportedOperation" });
    }
  });
}
