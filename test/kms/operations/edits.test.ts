import type { Kms } from "lanelock/kms";
import { beforeEach, describe, expect, test } from "vitest";
import { createExternal } from "../import/wrapped-material.ts";
import { createKeyId, openKms, TestClock } from "../open-kms.ts";

/** What DescribeKey answers with after each change of what is known about a key. */
let kms: Kms;
let time: TestClock;
let keyId: string;
beforeEach(async () => {
  time = new TestClock();
  kms = await openKms({ clock: time.clock, allowSeeding: true });
  keyId = await createKeyId(kms);
  return () => kms.close();
});

const metadata = async (of = keyId) => (await kms.describeKey({ keyId: of })).keyMetadata;
const days = (count: number) => new Date(time.now + count * 24 * 60 * 60 * 1_000);

test("a description is replaced, and may be empty", async () => {
  for (const description of ["orders", "", "orders of 2026"]) {
    await kms.updateKeyDescription({ keyId, description });
    expect((await metadata()).description).toBe(description);
  }
});

describe("deletion protection", () => {
  test("is switched on and off with its description, by either name of the key", async () => {
    expect(await metadata()).toMatchObject({ deletionProtection: "Disabled", deletionProtectionDescription: "" });
    const on = { enableDeletionProtection: true, deletionProtectionDescription: "ask Li" };
    await kms.setDeletionProtection({ keyId, ...on });
    expect(await metadata()).toMatchObject({ deletionProtection: "Enabled", deletionProtectionDescription: "ask Li" });
    await kms.setDeletionProtection({ protectedResourceArn: (await metadata()).arn, enableDeletionProtection: false });
    expect(await metadata()).toMatchObject({ deletionProtection: "Disabled", deletionProtectionDescription: "" });
  });

  test("prevents that the deletion is scheduled, until it is switched off", async () => {
    await kms.setDeletionProtection({ keyId, enableDeletionProtection: true });
    const schedule = () => kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
    await expect(schedule()).rejects.toMatchObject({ code: "Rejected.StateModifiedFailed", httpStatus: 409 });
    expect((await metadata()).keyState).toBe("Enabled");
    await kms.setDeletionProtection({ keyId, enableDeletionProtection: false });
    await schedule();
    expect((await metadata()).keyState).toBe("PendingDeletion");
  });

  test("needs the name of a key", async () => {
    const nameless = kms.setDeletionProtection({ enableDeletionProtection: true });
    const message = expect.stringContaining("ProtectedResourceArn");
    await expect(nameless).rejects.toMatchObject({ code: "MissingParameter", message });
  });
});

describe("a deletion that is cancelled", () => {
  const cancelled = async (of: string) => {
    await kms.scheduleKeyDeletion({ keyId: of, pendingWindowInDays: 9 });
    expect(await metadata(of)).toMatchObject({ keyState: "PendingDeletion", deleteDate: days(9) });
    await kms.cancelKeyDeletion({ keyId: of });
    const { keyState, deleteDate } = await metadata(of);
    expect(deleteDate).toBeUndefined();
    return keyState;
  };

  test("leaves a key enabled if it has material, and waiting for it if not", async () => {
    await kms.disableKey({ keyId });
    expect(await cancelled(keyId)).toBe("Enabled");
    expect(await cancelled(await createExternal(kms))).toBe("PendingImport");
    const seeded = { keyId: "key-seeded", keyVersionId: "v".repeat(36), material: new Uint8Array(32) };
    await kms.seedKey(seeded);
    expect(await cancelled(seeded.keyId)).toBe("Enabled");
    await kms.deleteKeyMaterial({ keyId: seeded.keyId });
    expect(await cancelled(seeded.keyId)).toBe("PendingImport");
  });
});

test("a name that no alias can have is not found, where one is moved or deleted", async () => {
  for (const aliasName of ["orders", "alias/", "alias/a b", "alias/acs/ecs"]) {
    const notFound = { code: "Forbidden.AliasNotFound", httpStatus: 404 };
    await expect(kms.deleteAlias({ aliasName })).rejects.toMatchObject(notFound);
    await expect(kms.updateAlias({ keyId, aliasName })).rejects.toMatchObject(notFound);
  }
});

test("a tag is text: not a list that reads like it", async () => {
  for (const tag of [
    { tagKey: ["team"], tagValue: "red" },
    { tagKey: "team", tagValue: ["red"] },
  ]) {
    const attempt = kms.tagResource({ keyId, tags: [tag as never] });
    await expect(attempt).rejects.toMatchObject({ code: "InvalidParameter" });
  }
  const removal = kms.untagResource({ keyId, tagKeys: [["team"] as never] });
  await expect(removal).rejects.toMatchObject({ code: "InvalidParameter" });
});

describe("the mode of imported material", () => {
  test("is for symmetric keys of origin EXTERNAL alone", async () => {
    const message = expect.stringMatching(/"ImportMode".*symmetric keys of origin EXTERNAL/);
    for (const request of [{ keySpec: "EC_P256", origin: "EXTERNAL" }, { origin: "Aliyun_KMS" }, {}] as const) {
      const attempt = kms.createKey({ ...request, importMode: "GCM" });
      await expect(attempt).rejects.toMatchObject({ code: "InvalidParameter", message });
    }
    const cbc = kms.createKey({ origin: "EXTERNAL", importMode: "CBC" });
    const modes = expect.stringMatching(/"ImportMode".*one of: GCM\./);
    await expect(cbc).rejects.toMatchObject({ code: "InvalidParameter", message: modes });
    expect((await kms.createKey({ origin: "EXTERNAL", importMode: "GCM" })).keyMetadata.keyState).toBe("PendingImport");
  });
});

test("a key pair that waits for its import has no public key, also while it waits for its deletion", async () => {
  const pair = await createExternal(kms, "EC_P256");
  const [version] = (await kms.listKeyVersions({ keyId: pair })).keyVersions;
  const request = { keyId: pair, keyVersionId: version?.keyVersionId ?? "" };
  const absent = { code: "Rejected.PendingImport", httpStatus: 409 };
  await expect(kms.getPublicKey(request)).rejects.toMatchObject(absent);
  await kms.scheduleKeyDeletion({ keyId: pair, pendingWindowInDays: 7 });
  await expect(kms.getPublicKey(request)).rejects.toMatchObject(absent);
});
