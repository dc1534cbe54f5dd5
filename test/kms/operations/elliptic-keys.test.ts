import crypto from "node:crypto";
import { keccak_256 } from "@noble/hashes/sha3.js";
import type { Kms } from "lanelock/kms";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { specs } from "../../asymmetric/platforms.ts";
import { openKms, TestClock } from "../open-kms.ts";
import { createVersioned, describeSpec, digest, message } from "./key-pair-rules.ts";

for (const keySpec of specs.filter((spec) => spec.startsWith("EC"))) describeSpec(keySpec);

describe("bad input", () => {
  let kms: Kms;
  let signer: { keyId: string; keyVersionId: string };
  beforeAll(async () => {
    kms = await openKms();
    signer = await createVersioned(kms, "EC_P256");
  });
  afterAll(() => kms.close());

  test.each([0, 20, 31, 33, 64])("a digest of %i bytes is refused, however it is given", async (length) => {
    const wrong = new Uint8Array(length);
    const asMessage = kms.asymmetricSign({ ...signer, message: wrong, messageType: "DIGEST" });
    await expect(asMessage).rejects.toMatchObject({
      code: "InvalidParameter",
      message: expect.stringContaining("Message"),
    });
    const refused = {
      code: "InvalidParameter",
      message: expect.stringContaining('"Digest" is not valid. A digest has 32'),
    };
    await expect(kms.asymmetricSign({ ...signer, digest: wrong })).rejects.toMatchObject(refused);
    await expect(kms.asymmetricVerify({ ...signer, digest: wrong, value: wrong })).rejects.toMatchObject(refused);
  });

  test.each([
    ["nothing to sign", {}, "MissingParameter", "Digest"],
    ["digest and message", { digest, message }, "InvalidParameter", "Message"],
    ["a digest of text", { digest: "x".repeat(32) }, "InvalidParameter", "Digest"],
    ["an unknown messageType", { message, messageType: "HASH" }, "InvalidParameter", "MessageType"],
    ["an unknown messageType beside a digest", { digest, messageType: "HASH" }, "InvalidParameter", "MessageType"],
    ["an algorithm that is no text", { digest, algorithm: 7 }, "InvalidParameter", "Algorithm"],
    ["no key version", { digest, keyVersionId: undefined }, "MissingParameter", "KeyVersionId"],
    ["a key version that is no text", { digest, keyVersionId: 5 }, "InvalidParameter", "KeyVersionId"],
    ["no key", { digest, keyId: undefined }, "MissingParameter", "KeyId"],
  ])("%s", async (_, fields, code, parameter) => {
    const request = { ...signer, ...fields } as Parameters<Kms["asymmetricSign"]>[0];
    await expect(kms.asymmetricSign(request)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(parameter),
    });
  });

  test("a version of no key, of another key, or badly spelt is not found", async () => {
    const other = await createVersioned(kms, "EC_P256");
    for (const keyVersionId of [
      other.keyVersionId,
      `${signer.keyId}-0000000000`,
      "",
      "x",
      "X".repeat(36),
      signer.keyId,
    ]) {
      const named = { keyId: signer.keyId, keyVersionId };
      const attempts = [kms.asymmetricSign({ ...named, digest }), kms.getPublicKey(named)];
      for (const attempt of attempts) await expect(attempt).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
    }
    // warm, too
    await kms.asymmetricSign({ ...other, digest });
    await kms.asymmetricSign({ ...signer, digest });
    const mixed = { keyId: signer.keyId, keyVersionId: other.keyVersionId };
    await expect(kms.asymmetricSign({ ...mixed, digest })).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
  });

  test("a symmetric key has no public key and does nothing asymmetric", async () => {
    const { keyMetadata } = await kms.createKey({});
    const named = { keyId: keyMetadata.keyId, keyVersionId: keyMetadata.primaryKeyVersion ?? "" };
    const refused = { code: "Rejected.UnsupportedOperation" };
    await expect(kms.getPublicKey(named)).rejects.toMatchObject(refused);
    await expect(kms.asymmetricSign({ ...named, digest })).rejects.toMatchObject(refused);
    await expect(kms.asymmetricEncrypt({ ...named, plaintext: message })).rejects.toMatchObject(refused);
    await expect(kms.createKeyVersion({ keyId: named.keyId })).rejects.toMatchObject(refused);
  });

  test("by alias and by ARN it is the same key", async () => {
    await kms.createAlias({ keyId: signer.keyId, aliasName: "alias/signer" });
    const { keyMetadata } = await kms.describeKey({ keyId: "alias/signer" });
    const { value } = await kms.asymmetricSign({ ...signer, keyId: "alias/signer", digest });
    expect((await kms.asymmetricVerify({ ...signer, keyId: keyMetadata.arn, digest, value })).value).toBe(true);
  });

  test("the caller's buffers are neither changed nor kept", async () => {
    const given = digest.slice();
    const pending = kms.asymmetricSign({ ...signer, digest: given });
    given.fill(0);
    const { value } = await pending;
    expect((await kms.asymmetricVerify({ ...signer, digest, value })).value).toBe(true);
    const reader = await createVersioned(kms, "EC_P256K", "ENCRYPT/DECRYPT");
    const plaintext = message.slice();
    const { ciphertextBlob } = await kms.asymmetricEncrypt({ ...reader, plaintext });
    expect(plaintext).toEqual(message);
    const copy = ciphertextBlob.slice();
    await kms.asymmetricDecrypt({ ...reader, ciphertextBlob });
    expect(ciphertextBlob).toEqual(copy);
  });

  test("a keccak digest is signed as it is", async () => {
    const named = await createVersioned(kms, "EC_P256K");
    const { value } = await kms.asymmetricSign({ ...named, digest: keccak_256(message) });
    const { publicKey } = await kms.getPublicKey(named);
    expect(crypto.verify("sha256", message, publicKey, value)).toBe(false);
    expect((await kms.asymmetricVerify({ ...named, digest: keccak_256(message), value })).value).toBe(true);
  });

  test("DryRun succeeds without doing it", async () => {
    const reader = await createVersioned(kms, "EC_P256", "ENCRYPT/DECRYPT");
    const succeeded = { code: "DryRunOperationError" };
    await expect(kms.asymmetricEncrypt({ ...reader, plaintext: message, dryRun: true })).rejects.toMatchObject(
      succeeded,
    );
    const { ciphertextBlob } = await kms.asymmetricEncrypt({ ...reader, plaintext: message });
    await expect(kms.asymmetricDecrypt({ ...reader, ciphertextBlob, dryRun: true })).rejects.toMatchObject(succeeded);
  });
});

describe("versions", () => {
  let kms: Kms;
  let time: TestClock;
  beforeEach(async () => {
    time = new TestClock();
    kms = await openKms({ clock: time.clock });
    return () => kms.close();
  });

  test("a new one is at least 7 days younger, signs apart from the old, and both stay", async () => {
    const first = await createVersioned(kms, "EC_P256");
    const { keyId } = first;
    time.advance({ days: 7, milliseconds: -1 });
    await expect(kms.createKeyVersion({ keyId })).rejects.toMatchObject({
      code: "Rejected.UnsupportedOperation",
      message: expect.stringContaining("7 days"),
    });
    time.advance({ milliseconds: 1 });
    const { keyVersion } = await kms.createKeyVersion({ keyId });
    expect(keyVersion).toMatchObject({ keyId, creationDate: time.clock() });
    await expect(kms.createKeyVersion({ keyId })).rejects.toMatchObject({ code: "Rejected.UnsupportedOperation" });
    const { keyVersions } = await kms.listKeyVersions({ keyId });
    expect(keyVersions.map((one) => one.keyVersionId)).toEqual([first.keyVersionId, keyVersion.keyVersionId]);
    const { keyMetadata } = await kms.describeKey({ keyId });
    expect(keyMetadata.lastRotationDate).toEqual(time.clock());
    const second = { keyId, keyVersionId: keyVersion.keyVersionId };
    const { value } = await kms.asymmetricSign({ ...second, digest });
    expect((await kms.asymmetricVerify({ ...second, digest, value })).value).toBe(true);
    expect((await kms.asymmetricVerify({ ...first, digest, value })).value).toBe(false);
    const [one, other] = await Promise.all([kms.getPublicKey(first), kms.getPublicKey(second)]);
    expect(one.publicKey).not.toBe(other.publicKey);
    await kms.asymmetricSign({ ...first, digest });
  });

  test("of symmetric keys come by rotation alone, however old the last is", async () => {
    const { keyId } = (await kms.createKey({})).keyMetadata;
    time.advance({ days: 8 });
    const message = expect.stringContaining("asymmetric");
    const refused = { code: "Rejected.UnsupportedOperation", message };
    await expect(kms.createKeyVersion({ keyId })).rejects.toMatchObject(refused);
    expect((await kms.listKeyVersions({ keyId })).totalCount).toBe(1);
  });

  test("there are at most 50", async () => {
    const { keyId } = await createVersioned(kms, "EC_P256");
    for (let count = 1; count < 50; count += 1) {
      time.advance({ days: 7 });
      await kms.createKeyVersion({ keyId });
    }
    time.advance({ days: 7 });
    await expect(kms.createKeyVersion({ keyId })).rejects.toMatchObject({ code: "Rejected.LimitExceeded" });
    expect((await kms.listKeyVersions({ keyId })).totalCount).toBe(50);
  });

  test("two at once make one", async () => {
    const { keyId } = await createVersioned(kms, "EC_P256");
    time.advance({ days: 8 });
    const answers = await Promise.allSettled([1, 2, 3].map(() => kms.createKeyVersion({ keyId })));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect((await kms.listKeyVersions({ keyId })).totalCount).toBe(2);
  });

  test("asymmetric keys do not rotate", async () => {
    const { keyId } = await createVersioned(kms, "EC_P256");
    await expect(kms.rotateKey({ keyId })).rejects.toMatchObject({ code: "UnsupportedOperation" });
    const policy = kms.updateRotationPolicy({ keyId, enableAutomaticRotation: true, rotationInterval: "30d" });
    await expect(policy).rejects.toMatchObject({ code: "UnsupportedOperation" });
    const created = kms.createKey({ keySpec: "EC_P256", enableAutomaticRotation: true, rotationInterval: "30d" });
    await expect(created).rejects.toMatchObject({ code: "UnsupportedOperation" });
  });

  test("after deletion neither key nor version is found", async () => {
    const named = await createVersioned(kms, "EC_P256");
    await kms.asymmetricSign({ ...named, digest });
    await kms.scheduleKeyDeletion({ keyId: named.keyId, pendingWindowInDays: 7 });
    await expect(kms.asymmetricSign({ ...named, digest })).rejects.toMatchObject({ code: "Rejected.PendingDeletion" });
    await kms.getPublicKey(named);
    time.advance({ days: 7 });
    await expect(kms.asymmetricSign({ ...named, digest })).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
    await expect(kms.getPublicKey(named)).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
  });
});

test("a small cache works with many keys at once", async () => {
  const kms = await openKms({ cache: { maxKeys: 2 } });
  const keys = await Promise.all(Array.from({ length: 6 }, () => createVersioned(kms, "EC_P256")));
  const signed = await Promise.all(
    Array.from({ length: 60 }, async (_, i) => {
      const named = keys[i % keys.length] ?? { keyId: "", keyVersionId: "" };
      const { value } = await kms.asymmetricSign({ ...named, ...(i % 2 ? { digest } : { message }) });
      return (await kms.asymmetricVerify({ ...named, digest, value })).value;
    }),
  );
  expect(signed).toEqual(Array(60).fill(true));
  await kms.close();
});
