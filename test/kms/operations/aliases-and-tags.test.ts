import type { Kms, ListKeysFilter } from "lanelock/kms";
import { beforeEach, describe, expect, test } from "vitest";
import { createKeyId, openKms } from "../open-kms.ts";

let kms: Kms;
beforeEach(async () => {
  kms = await openKms({ realm: { regionId: "cn-hangzhou", accountId: "123456" } });
  return () => kms.close();
});

const plaintext = new Uint8Array(1);

describe("aliases", () => {
  test("name a key, can move to another, and are unique", async () => {
    const [a, b] = [await createKeyId(kms), await createKeyId(kms)];
    await kms.createAlias({ keyId: a, aliasName: "alias/x" });
    expect((await kms.encrypt({ keyId: "alias/x", plaintext })).keyId).toBe(a);
    const taken = kms.createAlias({ keyId: b, aliasName: "alias/x" });
    await expect(taken).rejects.toMatchObject({ code: "AliasAlreadyExists", httpStatus: 400 });
    await kms.updateAlias({ keyId: b, aliasName: "alias/x" });
    expect((await kms.encrypt({ keyId: "alias/x", plaintext })).keyId).toBe(b);
    await kms.deleteAlias({ aliasName: "alias/x" });
    await expect(kms.encrypt({ keyId: "alias/x", plaintext })).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
  });

  test("are case-sensitive, many to a key, and listed in order with their ARNs", async () => {
    const [a, b] = [await createKeyId(kms), await createKeyId(kms)];
    for (const aliasName of ["alias/b", "alias/B", "alias/a/b_c-1"]) await kms.createAlias({ keyId: a, aliasName });
    await kms.createAlias({ keyId: b, aliasName: "alias/c" });
    const all = await kms.listAliases({ pageSize: 3 });
    expect(all).toMatchObject({ pageNumber: 1, pageSize: 3, totalCount: 4 });
    expect(all.aliases.map((alias) => alias.aliasName)).toEqual(["alias/B", "alias/a/b_c-1", "alias/b"]);
    expect(await kms.listAliasesByKeyId({ keyId: b })).toEqual({
      pageNumber: 1,
      pageSize: 10,
      totalCount: 1,
      aliases: [{ keyId: b, aliasName: "alias/c", aliasArn: "acs:kms:cn-hangzhou:123456:alias/c" }],
    });
  });

  test("a key is known by id, alias and ARN", async () => {
    const keyId = await createKeyId(kms);
    await kms.createAlias({ keyId, aliasName: "alias/x" });
    const arn = `acs:kms:cn-hangzhou:123456:key/${keyId}`;
    for (const name of [keyId, "alias/x", arn]) {
      const { keyMetadata } = await kms.describeKey({ keyId: name });
      expect(keyMetadata).toMatchObject({ keyId, arn, creator: "123456" });
      expect((await kms.encrypt({ keyId: name, plaintext })).keyId).toBe(keyId);
    }
    await kms.disableKey({ keyId: arn });
    await expect(kms.encrypt({ keyId, plaintext })).rejects.toMatchObject({ code: "Rejected.Disabled" });
  });
});

describe("tags", () => {
  test("are set, replaced, removed and listed", async () => {
    const { keyId } = (await kms.createKey({ tags: [{ tagKey: "team", tagValue: "red" }] })).keyMetadata;
    const more = [
      { tagKey: "team", tagValue: "blue" },
      { tagKey: "A b/_.+=:@-\\", tagValue: "" },
    ];
    await kms.tagResource({ keyId, tags: more });
    expect((await kms.listResourceTags({ keyId })).tags).toEqual([
      { keyId, tagKey: "A b/_.+=:@-\\", tagValue: "" },
      { keyId, tagKey: "team", tagValue: "blue" },
    ]);
    await kms.untagResource({ keyId, tagKeys: ["team", "never there"] });
    expect((await kms.listResourceTags({ keyId })).tags).toHaveLength(1);
  });
});

describe("ListKeys", () => {
  const filter = async (...filters: ListKeysFilter[]) =>
    (await kms.listKeys({ filters, pageSize: 100 })).keys.map((key) => key.keyId);

  test("pages, and filters by every key it knows", async () => {
    const [a, b, c] = [await createKeyId(kms), await createKeyId(kms), await createKeyId(kms)];
    await kms.disableKey({ keyId: b });
    await kms.createAlias({ keyId: c, aliasName: "alias/c" });
    await kms.tagResource({ keyId: a, tags: [{ tagKey: "team", tagValue: "red" }] });
    const page = await kms.listKeys({ pageNumber: 2, pageSize: 2 });
    expect(page).toMatchObject({ pageNumber: 2, pageSize: 2, totalCount: 3 });
    expect(page.keys).toHaveLength(1);
    expect(page.keys[0]?.keyArn).toBe(`acs:kms:cn-hangzhou:123456:key/${page.keys[0]?.keyId}`);
    const all = [a, b, c].sort();
    expect((await filter()).sort()).toEqual(all);
    expect(await filter({ key: "KeyState", values: ["Disabled"] })).toEqual([b]);
    expect((await filter({ key: "KeyState", values: ["Disabled", "Enabled"] })).sort()).toEqual(all);
    expect(
      (await filter({ key: "KeyState", values: ["Disabled"] }, { key: "KeyState", values: ["Enabled"] })).sort(),
    ).toEqual(all);
    expect(await filter({ key: "KeyState", values: ["Disabled"] }, { key: "AliasName", values: ["alias/c"] })).toEqual(
      [],
    );
    expect(await filter({ key: "AliasName", values: ["alias/c"] })).toEqual([c]);
    expect(await filter({ key: "TagKey", values: ["team"] }, { key: "TagValue", values: ["red"] })).toEqual([a]);
    expect(await filter({ key: "KeyId", values: [a] })).toEqual([a]);
    expect((await filter({ key: "KeySpec", values: ["Aliyun_AES_256"] })).sort()).toEqual(all);
    expect((await filter({ key: "KeyUsage", values: ["ENCRYPT/DECRYPT"] })).sort()).toEqual(all);
    expect((await filter({ key: "ProtectionLevel", values: ["SOFTWARE"] })).sort()).toEqual(all);
    expect((await filter({ key: "Creator", values: ["123456"] })).sort()).toEqual(all);
    expect((await filter({ key: "CreatorType", values: ["User"] })).sort()).toEqual(all);
    for (const [key, value] of [
      ["CreatorType", "Service"],
      ["DKMSInstanceId", "kst-1"],
      ["ProtectionLevel", "HSM"],
      ["KeyId", "' or 1=1 --"],
      ["Creator", "a\0b"],
    ] as const) {
      expect(await filter({ key, values: [value] })).toEqual([]);
    }
    expect(await filter({ key: "KeyState", values: [] })).toEqual([]);
  });
});

describe("the rest of the data plane", () => {
  test("reEncrypt moves a blob to another key and context, and answers with the source", async () => {
    const [a, b] = [await createKeyId(kms), await createKeyId(kms)];
    const sealed = await kms.encrypt({ keyId: a, plaintext: Uint8Array.of(1, 2), encryptionContext: { k: "1" } });
    const request = {
      ciphertextBlob: sealed.ciphertextBlob,
      destinationKeyId: b,
      destinationEncryptionContext: { k: "2" },
    };
    const moved = await kms.reEncrypt({ ...request, sourceEncryptionContext: { k: "1" } });
    expect(moved).toMatchObject({ keyId: a, keyVersionId: sealed.keyVersionId });
    const opened = await kms.decrypt({ ciphertextBlob: moved.ciphertextBlob, encryptionContext: { k: "2" } });
    expect(opened).toMatchObject({ keyId: b, plaintext: Uint8Array.of(1, 2) });
    await expect(kms.reEncrypt(request)).rejects.toMatchObject({ code: "InvalidParameter" });
    const guarded = kms.reEncrypt({ ...request, sourceEncryptionContext: { k: "1" }, keyId: b });
    await expect(guarded).rejects.toMatchObject({ code: "InvalidParameter" });
  });

  test("decrypt holds a blob to the key the caller names", async () => {
    const [a, b] = [await createKeyId(kms), await createKeyId(kms)];
    await kms.createAlias({ keyId: a, aliasName: "alias/a" });
    const { ciphertextBlob } = await kms.encrypt({ keyId: a, plaintext });
    for (const keyId of [a, "alias/a"]) expect((await kms.decrypt({ ciphertextBlob, keyId })).keyId).toBe(a);
    await expect(kms.decrypt({ ciphertextBlob, keyId: b })).rejects.toMatchObject({ code: "InvalidParameter" });
    const unknown = kms.decrypt({ ciphertextBlob, keyId: "alias/none" });
    await expect(unknown).rejects.toMatchObject({ code: "Forbidden.KeyNotFound" });
  });

  test("data keys have the length asked for, and 32 bytes when nothing is", async () => {
    const keyId = await createKeyId(kms);
    const cases = [
      [{}, 32],
      [{ keySpec: "AES_256" }, 32],
      [{ keySpec: "AES_128" }, 16],
      [{ keySpec: "AES_128", numberOfBytes: 100 }, 100],
    ] as const;
    for (const [fields, length] of cases) {
      const made = await kms.generateDataKey({ keyId, ...fields });
      expect(made.plaintext).toHaveLength(length);
      expect(made.ciphertextBlob).toHaveLength(64 + length);
      expect((await kms.decrypt({ ciphertextBlob: made.ciphertextBlob })).plaintext).toEqual(made.plaintext);
      expect(await kms.generateDataKeyWithoutPlaintext({ keyId, ...fields })).not.toHaveProperty("plaintext");
    }
    const text = await kms.generateDataKey({ keyId, dataKeyEncoding: "base64" });
    expect(text.ciphertextBlob).toHaveLength(108);
    const opened = await kms.decrypt({ ciphertextBlob: text.ciphertextBlob });
    expect(Buffer.from(opened.plaintext).toString()).toBe(Buffer.from(text.plaintext).toString("base64"));
  });

  test("a dry run says what would happen, and does nothing", async () => {
    const keyId = await createKeyId(kms);
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    const dry = { code: "DryRunOperationError" };
    await expect(kms.encrypt({ keyId, plaintext, dryRun: true })).rejects.toMatchObject(dry);
    await expect(kms.decrypt({ ciphertextBlob, dryRun: true })).rejects.toMatchObject(dry);
    await expect(kms.generateDataKey({ keyId, dryRun: true })).rejects.toMatchObject(dry);
    await kms.disableKey({ keyId });
    const refused = kms.encrypt({ keyId, plaintext, dryRun: true });
    await expect(refused).rejects.toMatchObject({ code: "Rejected.Disabled" });
  });

  test("random bytes are as many as asked for", async () => {
    const [a, b] = [await kms.generateRandom({ length: 32 }), await kms.generateRandom({ length: 32 })];
    expect(a.random).toHaveLength(32);
    expect(a.random).not.toEqual(b.random);
  });

  test("a call whose signal is aborted rejects with its reason", async () => {
    const keyId = await createKeyId(kms);
    const reason = new Error("changed my mind");
    const aborted = kms.encrypt({ keyId, plaintext }, { signal: AbortSignal.abort(reason) });
    await expect(aborted).rejects.toBe(reason);
  });
});
