import type { KeyStore } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { expect, test } from "vitest";
import { createKeyId, openKms } from "../open-kms.ts";

const plaintext = new TextEncoder().encode("a secret");

/** Counts what is asked of a store. */
function counted(): { readonly store: KeyStore; readonly asked: () => number } {
  const store = memoryStore();
  let asked = 0;
  const read = store.read.bind(store);
  store.read = (work) => {
    asked++;
    return read(work);
  };
  return { store, asked: () => asked };
}

test("Decrypt that names its key asks the store no more than one that does not", async () => {
  const { store, asked } = counted();
  await using kms = await openKms({ store, cache: { checkMilliseconds: 1e9 } });
  const keyId = await createKeyId(kms);
  await kms.createAlias({ keyId, aliasName: "alias/a" });
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
  for (const name of [undefined, keyId, "alias/a"]) {
    const request = { ciphertextBlob, ...(name !== undefined && { keyId: name }) };
    await kms.decrypt(request);
    const before = asked();
    for (let i = 0; i < 10; i++) expect((await kms.decrypt(request)).plaintext).toEqual(plaintext);
    expect(asked() - before, name).toBe(0);
  }
});

test("a blob of another key is refused, known or not, under every kind of name", async () => {
  await using kms = await openKms();
  const keyId = await createKeyId(kms);
  const other = await createKeyId(kms);
  await kms.createAlias({ keyId: other, aliasName: "alias/other" });
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
  const refused = { code: "InvalidParameter", message: expect.stringContaining("KeyId") };
  for (let round = 0; round < 3; round++) {
    for (const name of [other, "alias/other"]) {
      await expect(kms.decrypt({ ciphertextBlob, keyId: name })).rejects.toMatchObject(refused);
    }
    const unknown = kms.decrypt({ ciphertextBlob, keyId: "alias/none" });
    await expect(unknown).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
    await expect(kms.decrypt({ ciphertextBlob, keyId: 7 as never })).rejects.toMatchObject({
      code: "InvalidParameter",
    });
    expect((await kms.decrypt({ ciphertextBlob, keyId })).plaintext).toEqual(plaintext);
  }
  await kms.updateAlias({ keyId, aliasName: "alias/other" });
  expect((await kms.decrypt({ ciphertextBlob, keyId: "alias/other" })).plaintext).toEqual(plaintext);
});
