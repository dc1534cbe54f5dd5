import type { Kms } from "lanelock/kms";
import { expect } from "vitest";
import type { KnownKey, Model, Touches } from "./mixed-operations.ts";

async function checkKey(kms: Kms, key: KnownKey): Promise<void> {
  const { keyId } = key;
  const { keyMetadata } = await kms.describeKey({ keyId });
  expect(keyMetadata).toMatchObject({
    keyState: key.state,
    description: key.description,
    primaryKeyVersion: key.primary,
  });
  const { tags } = await kms.listResourceTags({ keyId });
  expect(Object.fromEntries(tags.map((tag) => [tag.tagKey, tag.tagValue]))).toEqual(key.tags);
  expect((await kms.listKeyVersions({ keyId })).totalCount).toBe(key.versions);
}

async function checkUncertain(kms: Kms, keyId: string): Promise<void> {
  const answer = await kms.describeKey({ keyId }).catch((error) => error);
  if (answer instanceof Error) expect(answer).toMatchObject({ code: "Forbidden.KeyNotFound" });
}

/** Every acknowledged change is there and every acknowledged ciphertext decrypts; what was in flight may be either way. */
export async function checkModel(kms: Kms, model: Model, uncertain: Touches): Promise<void> {
  for (const key of Object.values(model.keys)) {
    if (uncertain.keyIds.includes(key.keyId)) await checkUncertain(kms, key.keyId);
    else await checkKey(kms, key);
  }
  for (const keyId of model.gone) {
    await expect(kms.describeKey({ keyId })).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
  }
  for (const [name, keyId] of Object.entries(model.aliases)) {
    if (uncertain.aliases.includes(name) || uncertain.keyIds.includes(keyId)) continue;
    expect((await kms.describeKey({ keyId: name })).keyMetadata.keyId).toBe(keyId);
  }
  await checkCiphertexts(kms, model, uncertain);
}

async function checkCiphertexts(kms: Kms, model: Model, uncertain: Touches): Promise<void> {
  for (const { keyId, blob, text } of model.ciphertexts) {
    if (model.gone.includes(keyId) || uncertain.keyIds.includes(keyId)) continue;
    const { keyState } = (await kms.describeKey({ keyId })).keyMetadata;
    if (keyState === "PendingDeletion") await kms.cancelKeyDeletion({ keyId });
    else if (keyState === "Disabled") await kms.enableKey({ keyId });
    const ciphertextBlob = Buffer.from(blob, "base64");
    const { plaintext } = await kms.decrypt({ ciphertextBlob, encryptionContext: { k: keyId } });
    expect(new TextDecoder().decode(plaintext)).toBe(text);
  }
}
