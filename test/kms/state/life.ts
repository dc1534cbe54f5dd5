import { constants, createPublicKey, publicEncrypt } from "node:crypto";
import type { Kms } from "lanelock/kms";

const plaintext = new Uint8Array(16);
export const wrapping = { wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_PKCS1_V1_5" } as const;

/** What a life of two chapters leaves to be used afterwards. */
export interface Life {
  readonly keyId: string;
  readonly importedId: string;
  readonly importToken: Uint8Array;
  readonly ciphertextBlob: Uint8Array;
  readonly wrapped: (bytes: Uint8Array) => Uint8Array;
}

/** Writes to every table. */
export async function firstChapter(kms: Kms): Promise<Life> {
  const keyId = (await kms.createKey({ tags: [{ tagKey: "kept", tagValue: "1" }] })).keyMetadata.keyId;
  const other = (await kms.createKey({})).keyMetadata.keyId;
  await kms.createAlias({ keyId, aliasName: "alias/moves" });
  await kms.createAlias({ keyId, aliasName: "alias/goes" });
  await kms.createAlias({ keyId: other, aliasName: "alias/stays" });
  await kms.tagResource({ keyId, tags: [{ tagKey: "goes", tagValue: "1" }] });
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
  const importedId = (await kms.createKey({ origin: "EXTERNAL" })).keyMetadata.keyId;
  const parameters = await kms.getParametersForImport({ keyId: importedId, ...wrapping });
  const key = createPublicKey({ key: Buffer.from(parameters.publicKey), format: "der", type: "spki" });
  const wrapped = (bytes: Uint8Array) => publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, bytes);
  const { importToken } = parameters;
  await kms.importKeyMaterial({ keyId: importedId, importToken, encryptedKeyMaterial: wrapped(new Uint8Array(32)) });
  return { keyId, importedId, importToken, ciphertextBlob, wrapped };
}

/** Changes, adds and removes rows of every table. */
export async function secondChapter(kms: Kms, life: Life): Promise<void> {
  const { keyId, importedId, importToken, wrapped } = life;
  await kms.encrypt({ keyId, plaintext });
  await kms.rotateKey({ keyId });
  const target = (await kms.createKey({})).keyMetadata.keyId;
  await kms.updateAlias({ keyId: target, aliasName: "alias/moves" });
  await kms.deleteAlias({ aliasName: "alias/goes" });
  await kms.tagResource({ keyId, tags: [{ tagKey: "kept", tagValue: "2" }] });
  await kms.untagResource({ keyId, tagKeys: ["goes"] });
  await kms.importKeyMaterial({ keyId: importedId, importToken, encryptedKeyMaterial: wrapped(new Uint8Array(32)) });
  const refused = kms.importKeyMaterial({ keyId: importedId, importToken, encryptedKeyMaterial: new Uint8Array(256) });
  await refused.catch(() => undefined);
  for (let i = 0; i < 80; i++) await kms.encrypt({ keyId: target, plaintext });
  await kms.disableKey({ keyId });
}
