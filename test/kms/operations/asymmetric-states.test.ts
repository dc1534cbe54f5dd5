import { generateKeyPairSync } from "node:crypto";
import type { KeyState, Kms } from "lanelock/kms";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createExternal, importMaterial, privateKeyOf } from "../import/wrapped-material.ts";
import { openKms, TestClock } from "../open-kms.ts";

// The cells of the state table that need an asymmetric or an imported key.

const digest = new Uint8Array(32);
const states: KeyState[] = ["Enabled", "Disabled", "PendingDeletion", "PendingImport"];
const use = {
  Disabled: "Rejected.Disabled",
  PendingDeletion: "Rejected.PendingDeletion",
  PendingImport: "Rejected.PendingImport",
};

const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const recipient = {
  publicKeyBlob: new Uint8Array(publicKey.export({ format: "der", type: "spki" })),
  wrappingKeySpec: "RSA_2048",
  wrappingAlgorithm: "RSAES_OAEP_SHA_256",
} as const;

interface Keys {
  readonly signer: { keyId: string; keyVersionId: string };
  readonly reader: { keyId: string; keyVersionId: string };
  readonly aes: string;
  readonly ciphertext: Uint8Array;
  readonly blob: Uint8Array;
}

let kms: Kms;
const time = new TestClock();
const keysIn = new Map<KeyState, Keys>();

async function named(keyId: string) {
  const { keyVersions } = await kms.listKeyVersions({ keyId });
  return { keyId, keyVersionId: keyVersions[0]?.keyVersionId ?? "" };
}

async function putInState(keyId: string, state: KeyState): Promise<void> {
  if (state === "Disabled") await kms.disableKey({ keyId });
  if (state === "PendingDeletion") await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 30 });
  if (state === "PendingImport") await kms.deleteKeyMaterial({ keyId });
}

async function imported(keyUsage: "SIGN/VERIFY" | "ENCRYPT/DECRYPT"): Promise<string> {
  const { keyMetadata } = await kms.createKey({ keySpec: "EC_P256", keyUsage, origin: "EXTERNAL" });
  const { keyId } = keyMetadata;
  const material = await privateKeyOf("EC_P256");
  await importMaterial(kms, { keyId, material }, { wrappingAlgorithm: "RSAES_OAEP_SHA_256_AES_256_ECB_PKCS7_PAD" });
  return keyId;
}

beforeAll(async () => {
  kms = await openKms({ clock: time.clock });
  for (const state of states) {
    const signer = await named(await imported("SIGN/VERIFY"));
    const reader = await named(await imported("ENCRYPT/DECRYPT"));
    const aes = await createExternal(kms);
    await importMaterial(kms, { keyId: aes, material: crypto.getRandomValues(new Uint8Array(32)) });
    const { ciphertextBlob: ciphertext } = await kms.asymmetricEncrypt({ ...reader, plaintext: digest });
    const { ciphertextBlob: blob } = await kms.generateDataKey({ keyId: aes });
    for (const keyId of [signer.keyId, reader.keyId, aes]) await putInState(keyId, state);
    keysIn.set(state, { signer, reader, aes, ciphertext, blob });
  }
});
afterAll(() => kms.close());

const operations: Record<
  string,
  { work: (keys: Keys) => Promise<unknown>; refused: Partial<Record<KeyState, string>> }
> = {
  AsymmetricEncrypt: { work: ({ reader }) => kms.asymmetricEncrypt({ ...reader, plaintext: digest }), refused: use },
  AsymmetricDecrypt: {
    work: ({ reader, ciphertext }) => kms.asymmetricDecrypt({ ...reader, ciphertextBlob: ciphertext }),
    refused: use,
  },
  AsymmetricSign: { work: ({ signer }) => kms.asymmetricSign({ ...signer, digest }), refused: use },
  AsymmetricVerify: { work: ({ signer }) => kms.asymmetricVerify({ ...signer, digest, value: digest }), refused: use },
  GenerateAndExportDataKey: {
    work: ({ aes }) => kms.generateAndExportDataKey({ ...recipient, keyId: aes }),
    refused: use,
  },
  ExportDataKey: { work: ({ blob }) => kms.exportDataKey({ ...recipient, ciphertextBlob: blob }), refused: use },
  GetPublicKey: {
    work: ({ signer }) => kms.getPublicKey(signer),
    refused: { PendingImport: "Rejected.PendingImport" },
  },
  GetParametersForImport: {
    work: ({ aes }) =>
      kms.getParametersForImport({ keyId: aes, wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_OAEP_SHA_256" }),
    refused: {},
  },
};

test.each(states.flatMap((state) => Object.keys(operations).map((operation) => ({ state, operation }))))(
  "$operation while $state",
  async ({ state, operation }) => {
    const { work, refused } = operations[operation] ?? expect.unreachable();
    const attempt = work(keysIn.get(state) ?? expect.unreachable());
    const code = refused[state];
    if (code === undefined) await attempt;
    else await expect(attempt).rejects.toMatchObject({ code, httpStatus: 409 });
  },
);

test.each(states)("ImportKeyMaterial and DeleteKeyMaterial while %s", async (state) => {
  const keyId = await createExternal(kms);
  const material = crypto.getRandomValues(new Uint8Array(32));
  await importMaterial(kms, { keyId, material });
  await putInState(keyId, state);
  const again = importMaterial(kms, { keyId, material });
  if (state === "PendingDeletion") {
    await expect(again).rejects.toMatchObject({ code: "Rejected.StateModifiedFailed", httpStatus: 409 });
  } else await again;
  await kms.deleteKeyMaterial({ keyId });
});

test.each(["Enabled", "Disabled", "PendingDeletion"] as const)("CreateKeyVersion while %s", async (state) => {
  const { keyMetadata } = await kms.createKey({ keySpec: "EC_P256" });
  const { keyId } = keyMetadata;
  time.advance({ days: 7 });
  await putInState(keyId, state);
  const attempt = kms.createKeyVersion({ keyId });
  if (state === "Enabled") await attempt;
  else await expect(attempt).rejects.toMatchObject({ code: use[state], httpStatus: 409 });
});

test("CreateKeyVersion while PendingImport", async () => {
  const keyId = await createExternal(kms, "EC_P256");
  await expect(kms.createKeyVersion({ keyId })).rejects.toMatchObject({ code: use.PendingImport, httpStatus: 409 });
});
