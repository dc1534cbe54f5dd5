import { Kms, KmsError } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { beforeEach, describe, expect, test } from "vitest";
import { createKeyId, openKms, rootKey } from "../open-kms.ts";

const plaintext = new TextEncoder().encode("the plaintext");
let kms: Kms;
let keyId: string;

beforeEach(async () => {
  kms = await openKms();
  keyId = await createKeyId(kms);
  return () => kms.close();
});

describe("Encrypt and Decrypt", () => {
  test("a blob is version id ‖ IV ‖ ciphertext ‖ tag, and Decrypt finds key and version in it", async () => {
    const sealed = await kms.encrypt({ keyId, plaintext });
    const { keyMetadata } = await kms.describeKey({ keyId });
    expect(sealed.ciphertextBlob).toHaveLength(36 + 12 + plaintext.length + 16);
    expect(new TextDecoder().decode(sealed.ciphertextBlob.subarray(0, 36))).toBe(keyMetadata.primaryKeyVersion);
    expect(sealed.keyVersionId).toBe(keyMetadata.primaryKeyVersion);
    const opened = await kms.decrypt({ ciphertextBlob: sealed.ciphertextBlob });
    expect(opened).toEqual({ keyId, keyVersionId: sealed.keyVersionId, plaintext });
  });

  test("lengths from 0 to the limit round-trip; one byte more is refused", async () => {
    for (const length of [0, 1, 15, 16, 17, 6143, 6144]) {
      const data = crypto.getRandomValues(new Uint8Array(length));
      const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext: data });
      expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(data);
    }
    const tooLong = kms.encrypt({ keyId, plaintext: new Uint8Array(6145) });
    await expect(tooLong).rejects.toMatchObject({ code: "InvalidParameter", httpStatus: 400 });
  });

  test("the context is bound in any order, and never stored", async () => {
    const encryptionContext = { tenant: "a very unusual tenant", b: "2" };
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext, encryptionContext });
    const reordered = { b: "2", tenant: "a very unusual tenant" };
    expect((await kms.decrypt({ ciphertextBlob, encryptionContext: reordered })).plaintext).toEqual(plaintext);
    expect(new TextDecoder("latin1").decode(ciphertextBlob)).not.toContain("unusual");
    for (const wrong of [undefined, {}, { b: "2" }, { ...reordered, c: "" }, { ...reordered, b: "3" }]) {
      const attempt = kms.decrypt({ ciphertextBlob, encryptionContext: wrong });
      await expect(attempt).rejects.toMatchObject({
        code: "InvalidParameter",
        message: 'The specified parameter "CiphertextBlob" is not valid.',
      });
    }
  });

  test("every damaged blob gets the one answer, and one of another store is of no key", async () => {
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    for (let i = 36; i < ciphertextBlob.length; i++) {
      const damaged = Uint8Array.from(ciphertextBlob);
      damaged[i] = (damaged[i] ?? 0) ^ 1;
      await expect(kms.decrypt({ ciphertextBlob: damaged })).rejects.toMatchObject({ code: "InvalidParameter" });
    }
    for (let length = 0; length < ciphertextBlob.length; length++) {
      const cut = kms.decrypt({ ciphertextBlob: ciphertextBlob.subarray(0, length) });
      await expect(cut).rejects.toBeInstanceOf(KmsError);
    }
    await using other = await Kms.open({ store: memoryStore(), rootKey });
    await expect(other.decrypt({ ciphertextBlob })).rejects.toMatchObject({
      code: "Forbidden.KeyNotFound",
      httpStatus: 404,
    });
  });

  test("the caller's buffers are neither changed nor kept", async () => {
    const given = Uint8Array.from(plaintext);
    const pending = kms.encrypt({ keyId, plaintext: given });
    given.fill(0);
    const { ciphertextBlob } = await pending;
    expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
    const copy = Uint8Array.from(ciphertextBlob);
    await kms.decrypt({ ciphertextBlob });
    expect(ciphertextBlob).toEqual(copy);
  });
});
