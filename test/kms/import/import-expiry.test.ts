import { randomBytes } from "node:crypto";
import type { Kms } from "lanelock/kms";
import { beforeEach, expect, test } from "vitest";
import { openKms, TestClock } from "../open-kms.ts";
import { createExternal, importMaterial } from "./wrapped-material.ts";

const plaintext = new TextEncoder().encode("under a key brought from elsewhere");

let kms: Kms;
let time: TestClock;
beforeEach(async () => {
  time = new TestClock();
  kms = await openKms({ clock: time.clock });
  return () => kms.close();
});

const stateOf = async (keyId: string) => (await kms.describeKey({ keyId })).keyMetadata.keyState;
const unixIn = (seconds: number) => Math.floor(time.now / 1000) + seconds;

test("deleted material decrypts nothing; a key that is being deleted stays so", async () => {
  const keyId = await createExternal(kms);
  const material = randomBytes(32);
  await importMaterial(kms, { keyId, material });
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
  await kms.deleteKeyMaterial({ keyId });
  expect(await stateOf(keyId)).toBe("PendingImport");
  expect((await kms.describeKey({ keyId })).keyMetadata.custody).toBeUndefined();
  await expect(kms.decrypt({ ciphertextBlob })).rejects.toMatchObject({ code: "Rejected.PendingImport" });
  await kms.deleteKeyMaterial({ keyId });

  await importMaterial(kms, { keyId, material });
  await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 30 });
  const { deleteDate } = (await kms.describeKey({ keyId })).keyMetadata;
  await kms.deleteKeyMaterial({ keyId });
  expect((await kms.describeKey({ keyId })).keyMetadata).toMatchObject({ keyState: "PendingDeletion", deleteDate });
  await expect(importMaterial(kms, { keyId, material })).rejects.toMatchObject({
    code: "Rejected.StateModifiedFailed",
  });
  await kms.cancelKeyDeletion({ keyId });
  expect(await stateOf(keyId)).toBe("PendingImport");
});

test.each(["lazily", "by the sweep"])("expired %s, at the due time and not before", async (how) => {
  const keyId = await createExternal(kms);
  const material = randomBytes(32);
  const expires = unixIn(3600);
  await importMaterial(kms, { keyId, material }, { keyMaterialExpireUnix: expires });
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
  expect((await kms.describeKey({ keyId })).keyMetadata.materialExpireTime).toEqual(new Date(expires * 1000));
  time.advance({ seconds: 3600, milliseconds: -1 });
  if (how === "by the sweep") await kms.sweep();
  await kms.decrypt({ ciphertextBlob });
  time.advance({ milliseconds: 1 });
  if (how === "by the sweep") expect(await kms.sweep()).toMatchObject({ settled: 1, failed: 0 });
  await expect(kms.decrypt({ ciphertextBlob })).rejects.toMatchObject({ code: "Rejected.PendingImport" });
  expect((await kms.describeKey({ keyId })).keyMetadata).toMatchObject({
    keyState: "PendingImport",
    materialExpireTime: undefined,
  });
  await importMaterial(kms, { keyId, material });
  expect((await kms.decrypt({ ciphertextBlob })).plaintext).toEqual(plaintext);
});

test("importing again moves the expiry, in either direction", async () => {
  const keyId = await createExternal(kms);
  const material = randomBytes(32);
  await importMaterial(kms, { keyId, material }, { keyMaterialExpireUnix: unixIn(60) });
  await importMaterial(kms, { keyId, material }, { keyMaterialExpireUnix: unixIn(600) });
  time.advance({ seconds: 300 });
  await kms.encrypt({ keyId, plaintext });
  await importMaterial(kms, { keyId, material }, { keyMaterialExpireUnix: unixIn(10) });
  time.advance({ seconds: 10 });
  await expect(kms.encrypt({ keyId, plaintext })).rejects.toMatchObject({ code: "Rejected.PendingImport" });
});

test("an expiry that is not to come, or no time at all, is refused and nothing is stored", async () => {
  const keyId = await createExternal(kms);
  const refused: unknown[] = [
    unixIn(0),
    unixIn(-1),
    -1,
    "tomorrow",
    Number.NaN,
    unixIn(0) + 0.5,
    unixIn(60) + 0.5,
    8.64e12 + 1,
    Number.POSITIVE_INFINITY,
  ];
  for (const expiry of refused) {
    const attempt = importMaterial(
      kms,
      { keyId, material: randomBytes(32) },
      { keyMaterialExpireUnix: expiry as number },
    );
    await expect(attempt, String(expiry)).rejects.toMatchObject({
      code: "InvalidParameter",
      message: expect.stringContaining("KeyMaterialExpireUnix"),
    });
    expect(await stateOf(keyId)).toBe("PendingImport");
  }
});
