import type { Kms } from "lanelock/kms";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKeyId, openKms } from "../open-kms.ts";

/** What the KMS hands out as a name of a key, operations take as one. */
let kms: Kms;
let keyId: string;
beforeAll(async () => {
  kms = await openKms({ realm: { regionId: "cn-hangzhou", accountId: "123456" } });
  keyId = await createKeyId(kms);
  await kms.createAlias({ keyId, aliasName: "alias/orders" });
});
afterAll(() => kms.close());

const plaintext = new Uint8Array(3);

test("every name that DescribeKey, ListKeys and ListAliases answer with names the key", async () => {
  const { keyMetadata } = await kms.describeKey({ keyId });
  const [listed] = (await kms.listKeys()).keys;
  const [alias] = (await kms.listAliases()).aliases;
  const names = [keyMetadata.keyId, keyMetadata.arn, listed?.keyId, listed?.keyArn, alias?.keyId, alias?.aliasArn];
  expect(alias?.aliasArn).toBe("acs:kms:cn-hangzhou:123456:alias/orders");
  for (const name of [...names, alias?.aliasName]) {
    const request = { keyId: name ?? "" };
    expect((await kms.describeKey(request)).keyMetadata.keyId).toBe(keyId);
    const { ciphertextBlob } = await kms.encrypt({ ...request, plaintext });
    expect((await kms.decrypt({ ...request, ciphertextBlob })).plaintext).toEqual(plaintext);
    expect((await kms.rotateKey(request)).keyVersion.keyId).toBe(keyId);
    expect((await kms.listKeyVersions(request)).totalCount).toBeGreaterThan(0);
  }
});

test("an alias is refused where the service takes none, by its name and by its ARN", async () => {
  for (const name of ["alias/orders", "acs:kms:cn-hangzhou:123456:alias/orders"]) {
    for (const attempt of [
      () => kms.disableKey({ keyId: name }),
      () => kms.scheduleKeyDeletion({ keyId: name, pendingWindowInDays: 7 }),
      () => kms.listResourceTags({ keyId: name }),
      () => kms.setDeletionProtection({ keyId: name, enableDeletionProtection: true }),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: "Unsupported.Alias", httpStatus: 400 });
    }
  }
});

test("an ARN of another realm names no key", async () => {
  for (const name of [
    `acs:kms:cn-beijing:123456:key/${keyId}`,
    `acs:kms:cn-hangzhou:654321:key/${keyId}`,
    "acs:kms:cn-beijing:123456:alias/orders",
    `acs:kms:cn-hangzhou:123456:${keyId}`,
    "acs:kms:cn-hangzhou:123456:key/alias/orders",
    "acs:kms:cn-hangzhou:123456:",
  ]) {
    await expect(kms.describeKey({ keyId: name })).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
  }
});

test("an answer of Encrypt is a request of Decrypt, and holds it to its version", async () => {
  const first = await kms.encrypt({ keyId, plaintext });
  await kms.rotateKey({ keyId });
  const second = await kms.encrypt({ keyId, plaintext });
  expect((await kms.decrypt(first)).plaintext).toEqual(plaintext);
  const mixed = { ...first, keyVersionId: second.keyVersionId };
  await expect(kms.decrypt(mixed)).rejects.toMatchObject({ code: "InvalidParameter" });
});
