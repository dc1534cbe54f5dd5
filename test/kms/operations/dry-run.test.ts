import { generateKeyPairSync } from "node:crypto";
import type { Kms } from "lanelock/kms";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKeyId, openKms } from "../open-kms.ts";

/** A dry run that says "would succeed" where the call would fail is worse than none. */
let kms: Kms;
let keyId: string;
beforeAll(async () => {
  kms = await openKms();
  keyId = await createKeyId(kms);
});
afterAll(() => kms.close());

const succeeded = { name: "KmsError", code: "DryRunOperationError", httpStatus: 400 };
const plaintext = new TextEncoder().encode("a secret");

function changed(bytes: Uint8Array, at: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** Outcome of a call, and of its dry run. */
async function both<Request extends object>(call: (request: Request) => Promise<unknown>, request: Request) {
  const outcome = (attempt: Promise<unknown>) =>
    attempt.then(
      () => succeeded.code,
      (error: { code: string }) => error.code,
    );
  return [await outcome(call(request)), await outcome(call({ ...request, dryRun: true }))];
}

test("of Decrypt opens the blob, warm and cold, and answers nothing", async () => {
  const encryptionContext = { tenant: "42" };
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext, encryptionContext });
  const decrypt = kms.decrypt.bind(kms);
  await using cold = await openKms();
  for (const one of [decrypt, cold.decrypt.bind(cold)]) {
    expect(await both(one, { ciphertextBlob: new Uint8Array(100) })).toEqual(["InvalidParameter", "InvalidParameter"]);
  }
  for (let round = 0; round < 2; round++) {
    expect(await both(decrypt, { ciphertextBlob, encryptionContext })).toEqual([succeeded.code, succeeded.code]);
    for (const [blob, context] of [
      [changed(ciphertextBlob, ciphertextBlob.length - 1), encryptionContext],
      [changed(ciphertextBlob, 36), encryptionContext],
      [changed(ciphertextBlob, 50), encryptionContext],
      [ciphertextBlob.subarray(0, -1), encryptionContext],
      [ciphertextBlob, { tenant: "43" }],
      [ciphertextBlob, {}],
    ] as const) {
      const outcomes = await both(decrypt, { ciphertextBlob: blob, encryptionContext: context });
      expect(outcomes).toEqual(["InvalidParameter", "InvalidParameter"]);
    }
  }
});

test("of AsymmetricDecrypt opens the ciphertext, and of AsymmetricEncrypt notices a plaintext that does not fit", async () => {
  for (const keySpec of ["RSA_2048", "EC_P256"] as const) {
    const reader = (await kms.createKey({ keySpec, keyUsage: "ENCRYPT/DECRYPT" })).keyMetadata.keyId;
    const keyVersionId = (await kms.listKeyVersions({ keyId: reader })).keyVersions[0]?.keyVersionId ?? "";
    const named = { keyId: reader, keyVersionId };
    const { ciphertextBlob } = await kms.asymmetricEncrypt({ ...named, plaintext });
    const decrypt = kms.asymmetricDecrypt.bind(kms);
    expect(await both(decrypt, { ...named, ciphertextBlob })).toEqual([succeeded.code, succeeded.code]);
    const forged = changed(ciphertextBlob, ciphertextBlob.length - 1);
    expect(await both(decrypt, { ...named, ciphertextBlob: forged })).toEqual(["InvalidParameter", "InvalidParameter"]);
    const encrypt = kms.asymmetricEncrypt.bind(kms);
    const long = await both(encrypt, { ...named, plaintext: new Uint8Array(300) });
    expect(long[1]).toBe(long[0]);
    expect(long[0]).toBe(keySpec === "RSA_2048" ? "InvalidParameter" : succeeded.code);
  }
});

test("of GenerateAndExportDataKey looks at the recipient's key", async () => {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const publicKeyBlob = new Uint8Array(publicKey.export({ format: "der", type: "spki" }));
  const to = { keyId, wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_OAEP_SHA_256" } as const;
  const generate = kms.generateAndExportDataKey.bind(kms);
  expect(await both(generate, { ...to, publicKeyBlob })).toEqual([succeeded.code, succeeded.code]);
  for (const request of [
    { ...to, publicKeyBlob: new Uint8Array(30) },
    { ...to, publicKeyBlob, numberOfBytes: 1_024 },
  ]) {
    const [real, dry] = await both(generate, request);
    expect(real).not.toBe(succeeded.code);
    expect(dry).toBe(real);
  }
});
