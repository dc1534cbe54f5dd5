import type { Kms } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { createKeyId, openKms, TestClock } from "../open-kms.ts";

const plaintext = new Uint8Array(8);
let time: TestClock;
let kms: Kms;

beforeEach(async () => {
  time = new TestClock();
  kms = await openKms({ clock: time.clock });
});
afterEach(() => kms.close());

const describeIt = async (keyId: string) => (await kms.describeKey({ keyId })).keyMetadata;

async function rotatingKey(rotationInterval = "30d"): Promise<string> {
  const { keyMetadata } = await kms.createKey({ enableAutomaticRotation: true, rotationInterval });
  return keyMetadata.keyId;
}

describe("versions", () => {
  test("rotateKey makes a new primary; old ciphertext decrypts for ever and new uses the new version", async () => {
    const keyId = await createKeyId(kms);
    const blobs: Uint8Array[] = [];
    const versions: string[] = [];
    for (let i = 0; i < 5; i++) {
      const { ciphertextBlob, keyVersionId } = await kms.encrypt({ keyId, plaintext: Uint8Array.of(i) });
      blobs.push(ciphertextBlob);
      versions.push(keyVersionId);
      time.advance({ seconds: 60 });
      const { keyVersion } = await kms.rotateKey({ keyId });
      expect(keyVersion.creationDate).toEqual(time.clock());
      expect(await describeIt(keyId)).toMatchObject({
        primaryKeyVersion: keyVersion.keyVersionId,
        lastRotationDate: time.clock(),
        automaticRotation: "Disabled",
        nextRotationDate: undefined,
        rotationInterval: undefined,
      });
    }
    expect(new Set(versions).size).toBe(5);
    for (const [i, ciphertextBlob] of blobs.entries()) {
      const opened = await kms.decrypt({ ciphertextBlob });
      expect(opened).toEqual({ keyId, keyVersionId: versions[i], plaintext: Uint8Array.of(i) });
    }
    const listed = await kms.listKeyVersions({ keyId, pageSize: 4, pageNumber: 1 });
    expect(listed.totalCount).toBe(6);
    expect(listed.keyVersions.map((version) => version.keyVersionId)).toEqual(versions.slice(0, 4));
    const second = await kms.describeKeyVersion({ keyId, keyVersionId: versions[1] ?? "" });
    expect(second.keyVersion.creationDate.getTime()).toBe(time.now - 4 * 60_000);
    const other = await createKeyId(kms);
    const foreign = kms.describeKeyVersion({ keyId: other, keyVersionId: versions[1] ?? "" });
    await expect(foreign).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
  });

  test("two processes that rotate at once make two versions and one primary", async () => {
    const store = memoryStore();
    await using first = await openKms({ store });
    await using second = await openKms({ store });
    const keyId = await createKeyId(first);
    const rotated = await Promise.all([first, second, first, second].map((one) => one.rotateKey({ keyId })));
    const ids = rotated.map((one) => one.keyVersion.keyVersionId);
    expect(new Set(ids).size).toBe(4);
    const { keyVersions } = await first.listKeyVersions({ keyId });
    expect(keyVersions).toHaveLength(5);
    const { keyMetadata } = await second.describeKey({ keyId });
    expect(keyMetadata.primaryKeyVersion).toBe(keyVersions.at(-1)?.keyVersionId);
  });
});

describe("automatic rotation", () => {
  test("happens at the first use after the due time, not before", async () => {
    const keyId = await rotatingKey();
    const before = await kms.encrypt({ keyId, plaintext });
    expect(await describeIt(keyId)).toMatchObject({
      automaticRotation: "Enabled",
      rotationInterval: "2592000s",
      nextRotationDate: new Date(time.now + 30 * 86_400_000),
    });
    time.advance({ days: 30, milliseconds: -1 });
    expect((await kms.encrypt({ keyId, plaintext })).keyVersionId).toBe(before.keyVersionId);
    time.advance({ milliseconds: 1 });
    const after = await kms.encrypt({ keyId, plaintext });
    expect(after.keyVersionId).not.toBe(before.keyVersionId);
    expect(await describeIt(keyId)).toMatchObject({
      primaryKeyVersion: after.keyVersionId,
      lastRotationDate: time.clock(),
      nextRotationDate: new Date(time.now + 30 * 86_400_000),
    });
    expect((await kms.decrypt(before)).plaintext).toEqual(plaintext);
  });

  test("a rotation missed for years happens once, at once", async () => {
    const keyId = await rotatingKey("7d");
    time.advance({ days: 1_000 });
    expect((await describeIt(keyId)).lastRotationDate).toEqual(time.clock());
    expect((await kms.listKeyVersions({ keyId })).totalCount).toBe(2);
  });

  test("a sweep rotates unused keys, in the background too", async () => {
    const keyId = await rotatingKey();
    time.advance({ days: 31 });
    expect(await kms.sweep()).toEqual({ settled: 1, failed: 0 });
    expect(await kms.sweep()).toEqual({ settled: 0, failed: 0 });
    expect((await kms.listKeyVersions({ keyId })).totalCount).toBe(2);

    const store = memoryStore();
    await using swept = await openKms({ store, clock: time.clock, sweepSeconds: 0.02 });
    const { keyMetadata } = await swept.createKey({ enableAutomaticRotation: true, rotationInterval: "7d" });
    time.advance({ days: 8 });
    const rows = () => store.read((tx) => tx.versions(keyMetadata.keyId, { offset: 0, limit: 9 }));
    await expect.poll(async () => (await rows()).total, { timeout: 60_000 }).toBe(2);
  });

  test("it is suspended while the key is disabled or dying, and made up for after", async () => {
    const keyId = await rotatingKey();
    await kms.disableKey({ keyId });
    expect((await describeIt(keyId)).automaticRotation).toBe("Suspended");
    time.advance({ days: 40 });
    await kms.sweep();
    expect((await kms.listKeyVersions({ keyId })).totalCount).toBe(1);
    await kms.enableKey({ keyId });
    await kms.encrypt({ keyId, plaintext });
    expect((await kms.listKeyVersions({ keyId })).totalCount).toBe(2);
    await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 366 });
    expect(await describeIt(keyId)).toMatchObject({ automaticRotation: "Suspended", rotationInterval: "2592000s" });
    time.advance({ days: 60 });
    await kms.sweep();
    expect((await kms.listKeyVersions({ keyId })).totalCount).toBe(2);
  });

  test("the policy can be changed and switched off", async () => {
    const keyId = await createKeyId(kms);
    time.advance({ days: 10 });
    await kms.updateRotationPolicy({ keyId, enableAutomaticRotation: true, rotationInterval: "7d" });
    expect((await kms.listKeyVersions({ keyId })).totalCount).toBe(2);
    await kms.updateRotationPolicy({ keyId, enableAutomaticRotation: false });
    time.advance({ days: 100 });
    expect(await describeIt(keyId)).toMatchObject({ automaticRotation: "Disabled", nextRotationDate: undefined });
    expect((await kms.listKeyVersions({ keyId })).totalCount).toBe(2);
  });

  test("two processes that find a rotation due make one version", async () => {
    const store = memoryStore();
    const options = { store, clock: time.clock };
    await using first = await openKms(options);
    await using second = await openKms(options);
    const { keyMetadata } = await first.createKey({ enableAutomaticRotation: true, rotationInterval: "7d" });
    const { keyId } = keyMetadata;
    time.advance({ days: 7 });
    const used = await Promise.all([first, second, first, second].map((one) => one.encrypt({ keyId, plaintext })));
    expect(new Set(used.map((one) => one.keyVersionId)).size).toBe(1);
    expect((await first.listKeyVersions({ keyId })).totalCount).toBe(2);
  });

  test("HSM keys rotate; a token that is gone leaves the last version in use until it is back", async () => {
    const hsm = new NodeCryptoProvider();
    await using withToken = await openKms({ hsm, clock: time.clock });
    const request = { protectionLevel: "HSM", enableAutomaticRotation: true, rotationInterval: "7d" } as const;
    const { keyId } = (await withToken.createKey(request)).keyMetadata;
    time.advance({ days: 8 });
    hsm.broken = true;
    expect((await withToken.listKeyVersions({ keyId })).totalCount).toBe(1);
    expect(await withToken.sweep()).toEqual({ settled: 0, failed: 1 });
    hsm.broken = false;
    expect((await withToken.listKeyVersions({ keyId })).totalCount).toBe(2);
    expect(hsm.keys.size).toBe(2);
  });
});
