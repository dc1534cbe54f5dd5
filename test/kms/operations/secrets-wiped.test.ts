import { generateKeyPairSync } from "node:crypto";
import type { Kms } from "lanelock/kms";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { arraysMade, holding } from "../arrays-made.ts";
import { createExternal, wrapMaterial } from "../import/wrapped-material.ts";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { openKms } from "../open-kms.ts";

/** Whatever an operation makes of a secret it wipes, whether it succeeds or not. Only the answer is left, and the caller's own array. */
let kms: Kms;
const keys: Record<"SOFTWARE" | "HSM" | "disabled", string> = { SOFTWARE: "", HSM: "", disabled: "" };
beforeAll(async () => {
  kms = await openKms({ hsm: new NodeCryptoProvider(), allowSeeding: true });
  for (const protectionLevel of ["SOFTWARE", "HSM"] as const) {
    keys[protectionLevel] = (await kms.createKey({ protectionLevel })).keyMetadata.keyId;
  }
  keys.disabled = (await kms.createKey({})).keyMetadata.keyId;
  await kms.disableKey({ keyId: keys.disabled });
});
afterAll(() => kms.close());

const plaintext = new TextEncoder().encode("a secret of more than 32 bytes, so that it is found");

type Secret<T> = Uint8Array | ((answer: T) => Promise<Uint8Array>);

/** What is left of a secret once a call has ended; `DryRunOperationError` and refusals end it as well. */
async function left<T>(call: () => Promise<T>, secret: Secret<T> = plaintext) {
  const { result, arrays } = await arraysMade(() => call().catch((error: T) => error));
  expect(arrays.length).toBeGreaterThan(0);
  const answers = Object.values(result ?? {}).filter((value) => value instanceof Uint8Array);
  const bytes = typeof secret === "function" ? await secret(result) : secret;
  return holding(arrays, bytes, [bytes, ...answers]);
}

test("the helper finds a copy", async () => {
  expect(await left(async () => ({ other: [new Uint8Array(plaintext)] }))).toHaveLength(1);
  expect(await left(async () => ({ answer: new Uint8Array(plaintext) }))).toEqual([]);
});

test.each(["SOFTWARE", "HSM"] as const)("Encrypt and Decrypt with a key of level %s", async (level) => {
  const keyId = keys[level];
  for (let round = 0; round < 3; round++) {
    expect(await left(() => kms.encrypt({ keyId, plaintext }))).toEqual([]);
    expect(await left(() => kms.encrypt({ keyId, plaintext, dryRun: true }))).toEqual([]);
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    expect(await left(() => kms.decrypt({ ciphertextBlob }))).toEqual([]);
    expect(await left(() => kms.decrypt({ ciphertextBlob, dryRun: true }))).toEqual([]);
    expect(await left(() => kms.reEncrypt({ ciphertextBlob, destinationKeyId: keyId }))).toEqual([]);
    expect(await left(() => kms.reEncrypt({ ciphertextBlob, destinationKeyId: keys.disabled }))).toEqual([]);
  }
  expect(await left(() => kms.encrypt({ keyId: keys.disabled, plaintext }))).toEqual([]);
});

const recipient = (() => {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const publicKeyBlob = new Uint8Array(publicKey.export({ format: "der", type: "spki" }));
  return { publicKeyBlob, wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_OAEP_SHA_256" } as const;
})();

test.each(["raw", "base64"] as const)("data keys that are encrypted as %s", async (dataKeyEncoding) => {
  const decrypted = async ({ ciphertextBlob }: { ciphertextBlob: Uint8Array }) => {
    const { plaintext: dataKey } = await kms.decrypt({ ciphertextBlob });
    return dataKeyEncoding === "raw" ? dataKey : new Uint8Array(Buffer.from(Buffer.from(dataKey).toString(), "base64"));
  };
  const encoded = async ({ ciphertextBlob }: { ciphertextBlob: Uint8Array }) =>
    (await kms.decrypt({ ciphertextBlob })).plaintext;
  const request = { keyId: keys.SOFTWARE, dataKeyEncoding };
  for (const secret of [decrypted, encoded]) {
    for (let round = 0; round < 2; round++) {
      expect(await left(() => kms.generateDataKey(request), secret)).toEqual([]);
      expect(await left(() => kms.generateDataKeyWithoutPlaintext(request), secret)).toEqual([]);
      expect(await left(() => kms.generateAndExportDataKey({ ...request, ...recipient }), secret)).toEqual([]);
    }
    const { ciphertextBlob } = await kms.generateDataKey(request);
    const dataKey = await secret({ ciphertextBlob });
    expect(await left(() => kms.exportDataKey({ ciphertextBlob, dataKeyEncoding, ...recipient }), dataKey)).toEqual([]);
    const publicKeyBlob = new Uint8Array(30);
    const failing = () => kms.exportDataKey({ ciphertextBlob, dataKeyEncoding, ...recipient, publicKeyBlob });
    expect(await left(failing, dataKey)).toEqual([]);
  }
});

test("a data key that was drawn for a key which refuses", async () => {
  const random = vi.spyOn(globalThis.crypto, "getRandomValues");
  await expect(kms.generateDataKey({ keyId: keys.disabled })).rejects.toMatchObject({ code: "Rejected.Disabled" });
  const drawn = random.mock.calls.map(([array]) => array as Uint8Array).filter(({ length }) => length === 32);
  random.mockRestore();
  expect(drawn).toEqual([new Uint8Array(32)]);
});

const material = new Uint8Array(Buffer.from("material of 32 bytes, which work"));

test("imported material, whether it is taken or not", async () => {
  const wrap = async (
    keyId: string,
    wrappingAlgorithm: "RSAES_OAEP_SHA_256" | "RSAES_PKCS1_V1_5",
    bytes: Uint8Array,
  ) => {
    const token = await kms.getParametersForImport({ keyId, wrappingKeySpec: "RSA_2048", wrappingAlgorithm });
    const encryptedKeyMaterial = wrapMaterial({ ...token, wrappingAlgorithm }, bytes);
    return { keyId, importToken: token.importToken, encryptedKeyMaterial };
  };
  const keyId = await createExternal(kms);
  for (const algorithm of ["RSAES_OAEP_SHA_256", "RSAES_PKCS1_V1_5"] as const) {
    const taken = await wrap(keyId, algorithm, material);
    expect(await left(() => kms.importKeyMaterial(taken), material)).toEqual([]);
  }
  const refused = await wrap(await createExternal(kms), "RSAES_PKCS1_V1_5", material);
  expect(await left(() => kms.importKeyMaterial(refused), material)).toEqual([]);
  expect((await kms.describeKey({ keyId })).keyMetadata.keyState).toBe("Enabled");
});

test("seeded material, whether it is taken or not", async () => {
  const request = { keyId: "key-seeded", keyVersionId: "v".repeat(36), material: new Uint8Array(material).reverse() };
  expect(await left(() => kms.seedKey(request), request.material)).toEqual([]);
  expect(await left(() => kms.seedKey(request), request.material)).toEqual([]);
  expect((await kms.describeKey({ keyId: request.keyId })).keyMetadata.seeded).toBe(true);
  const long = Buffer.concat([request.material, material]);
  expect(await left(() => kms.seedKey({ ...request, material: long }), long)).toEqual([]);
});

test("plaintext under a public key", async () => {
  const { keyId } = (await kms.createKey({ keySpec: "EC_P256", keyUsage: "ENCRYPT/DECRYPT" })).keyMetadata;
  const [version] = (await kms.listKeyVersions({ keyId })).keyVersions;
  const key = { keyId, keyVersionId: version?.keyVersionId ?? "" };
  for (let round = 0; round < 2; round++) {
    expect(await left(() => kms.asymmetricEncrypt({ ...key, plaintext }))).toEqual([]);
    expect(await left(() => kms.asymmetricEncrypt({ ...key, plaintext, dryRun: true }))).toEqual([]);
    const { ciphertextBlob } = await kms.asymmetricEncrypt({ ...key, plaintext });
    expect(await left(() => kms.asymmetricDecrypt({ ...key, ciphertextBlob }))).toEqual([]);
    expect(await left(() => kms.asymmetricDecrypt({ ...key, ciphertextBlob, dryRun: true }))).toEqual([]);
  }
});
