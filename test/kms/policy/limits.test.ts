import type { Kms } from "lanelock/kms";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKeyId, openKms } from "../open-kms.ts";

let kms: Kms;
let keyId: string;
beforeAll(async () => {
  kms = await openKms();
  keyId = await createKeyId(kms);
});
afterAll(() => kms.close());

const invalid = { code: "InvalidParameter", httpStatus: 400 };
const missing = { code: "MissingParameter", httpStatus: 400 };
const tooMany = { code: "Rejected.LimitExceeded", httpStatus: 400 };
const notFound = { code: "Forbidden.KeyNotFound", httpStatus: 404 };
/** What a JavaScript caller may pass where the types say otherwise. */
const as = <T>(value: unknown) => value as T;

let aliases = 0;
const alias = (length: number) => `alias/${`a${++aliases}`.padEnd(length, "x")}`;
const tags = (count: number, prefix = "t") =>
  Array.from({ length: count }, (_, i) => ({ tagKey: `${prefix}${i}`, tagValue: "v" }));
const data = (length: number) => new Uint8Array(length);
const everyOther = () => createKeyId(kms);

/** Each limit: a call at its edge, and one just past it. */
const LIMITS: readonly (readonly [
  name: string,
  fits: () => Promise<unknown>,
  past: () => Promise<unknown>,
  error: object,
])[] = [
  [
    "plaintext 6,144 bytes",
    () => kms.encrypt({ keyId, plaintext: data(6_144) }),
    () => kms.encrypt({ keyId, plaintext: data(6_145) }),
    invalid,
  ],
  [
    "data key 1 byte",
    () => kms.generateDataKey({ keyId, numberOfBytes: 1 }),
    () => kms.generateDataKey({ keyId, numberOfBytes: 0 }),
    invalid,
  ],
  [
    "data key 1,024 bytes",
    () => kms.generateDataKey({ keyId, numberOfBytes: 1_024 }),
    () => kms.generateDataKey({ keyId, numberOfBytes: 1_025 }),
    invalid,
  ],
  [
    "data key without plaintext",
    () => kms.generateDataKeyWithoutPlaintext({ keyId, numberOfBytes: 1_024 }),
    () => kms.generateDataKeyWithoutPlaintext({ keyId, numberOfBytes: 1_025 }),
    invalid,
  ],
  ["random 1 byte", () => kms.generateRandom({ length: 1 }), () => kms.generateRandom({ length: 0 }), invalid],
  [
    "random 1,024 bytes",
    () => kms.generateRandom({ length: 1_024 }),
    () => kms.generateRandom({ length: 1_025 }),
    invalid,
  ],
  [
    "description 8,192 characters",
    () => kms.updateKeyDescription({ keyId, description: "d".repeat(8_192) }),
    () => kms.updateKeyDescription({ keyId, description: "d".repeat(8_193) }),
    invalid,
  ],
  [
    "description at creation",
    () => kms.createKey({ description: "d".repeat(8_192) }),
    () => kms.createKey({ description: "d".repeat(8_193) }),
    invalid,
  ],
  ["page number 1", () => kms.listKeys({ pageNumber: 1 }), () => kms.listKeys({ pageNumber: 0 }), invalid],
  ["page size 1", () => kms.listKeys({ pageSize: 1 }), () => kms.listKeys({ pageSize: 0 }), invalid],
  ["page size 100", () => kms.listKeys({ pageSize: 100 }), () => kms.listKeys({ pageSize: 101 }), invalid],
  [
    "versions' page size",
    () => kms.listKeyVersions({ keyId, pageSize: 100 }),
    () => kms.listKeyVersions({ keyId, pageSize: 101 }),
    invalid,
  ],
  ["aliases' page size", () => kms.listAliases({ pageSize: 100 }), () => kms.listAliases({ pageSize: 101 }), invalid],
  [
    "a key's aliases' page size",
    () => kms.listAliasesByKeyId({ keyId, pageSize: 100 }),
    () => kms.listAliasesByKeyId({ keyId, pageSize: 101 }),
    invalid,
  ],
  [
    "page number 2^31 - 1",
    () => kms.listKeys({ pageNumber: 2 ** 31 - 1, pageSize: 100 }),
    () => kms.listKeys({ pageNumber: 2 ** 31, pageSize: 100 }),
    invalid,
  ],
  [
    "versions' page number",
    () => kms.listKeyVersions({ keyId, pageNumber: 2 ** 31 - 1 }),
    () => kms.listKeyVersions({ keyId, pageNumber: 0 }),
    invalid,
  ],
  [
    "aliases' page number",
    () => kms.listAliases({ pageNumber: 2 ** 31 - 1 }),
    () => kms.listAliases({ pageNumber: 0 }),
    invalid,
  ],
  [
    "deletion protection's description of 8,192 characters",
    () => protection("d".repeat(8_192)),
    () => protection("d".repeat(8_193)),
    invalid,
  ],
  [
    "20 tag keys to remove",
    () => kms.untagResource({ keyId, tagKeys: tags(20).map((tag) => tag.tagKey) }),
    () => kms.untagResource({ keyId, tagKeys: tags(21).map((tag) => tag.tagKey) }),
    invalid,
  ],
  [
    "a plaintext to re-encrypt, and a blob, of the longest",
    async () => kms.reEncrypt({ ciphertextBlob: await longestBlob(), destinationKeyId: keyId }),
    async () =>
      kms.reEncrypt({ ciphertextBlob: Buffer.concat([await longestBlob(), data(32)]), destinationKeyId: keyId }),
    invalid,
  ],
  [
    "10 filters",
    () => kms.listKeys({ filters: as(Array(10).fill({ key: "KeyState", values: ["Enabled"] })) }),
    () => kms.listKeys({ filters: as(Array(11).fill({ key: "KeyState", values: ["Enabled"] })) }),
    invalid,
  ],
  [
    "100 values of a filter",
    () => kms.listKeys({ filters: [{ key: "KeyId", values: Array(100).fill("k") }] }),
    () => kms.listKeys({ filters: [{ key: "KeyId", values: Array(101).fill("k") }] }),
    invalid,
  ],
  [
    "pending window 7 days",
    async () => kms.scheduleKeyDeletion({ keyId: await everyOther(), pendingWindowInDays: 7 }),
    () => kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 6 }),
    invalid,
  ],
  [
    "pending window 366 days",
    async () => kms.scheduleKeyDeletion({ keyId: await everyOther(), pendingWindowInDays: 366 }),
    () => kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 367 }),
    invalid,
  ],
  ["rotation 7 days", () => rotation("7d"), () => rotation("604799s"), invalid],
  ["rotation 730 days", () => rotation("63072000s"), () => rotation("63072001s"), invalid],
  ["rotation in hours and minutes", () => rotation("168h"), () => rotation("10079m"), invalid],
  [
    "rotation at creation",
    () => kms.createKey({ enableAutomaticRotation: true, rotationInterval: "730d" }),
    () => kms.createKey({ enableAutomaticRotation: true, rotationInterval: "731d" }),
    invalid,
  ],
  [
    "alias 1 character",
    () => kms.createAlias({ keyId, aliasName: "alias/a" }),
    () => kms.createAlias({ keyId, aliasName: "alias/" }),
    invalid,
  ],
  [
    "alias 255 characters",
    () => kms.createAlias({ keyId, aliasName: alias(255) }),
    () => kms.createAlias({ keyId, aliasName: alias(256) }),
    invalid,
  ],
  ["20 tags at creation", () => kms.createKey({ tags: tags(20) }), () => kms.createKey({ tags: tags(21) }), tooMany],
  [
    "10 tags in one call",
    async () => kms.tagResource({ keyId: await everyOther(), tags: tags(10) }),
    async () => kms.tagResource({ keyId: await everyOther(), tags: tags(11) }),
    tooMany,
  ],
  ["10 tags of a key", async () => tagTwice(10), async () => tagTwice(11), tooMany],
  [
    "tag of 128 characters",
    () => tagged("k".repeat(128), "v".repeat(128)),
    () => tagged("k".repeat(129), "v"),
    invalid,
  ],
  ["tag value of 128 characters", () => tagged("k", "v".repeat(128)), () => tagged("k", "v".repeat(129)), invalid],
];

function rotation(rotationInterval: string) {
  return kms.updateRotationPolicy({ keyId, enableAutomaticRotation: true, rotationInterval });
}

function protection(deletionProtectionDescription: string) {
  return kms.setDeletionProtection({ keyId, enableDeletionProtection: false, deletionProtectionDescription });
}

async function longestBlob(): Promise<Uint8Array> {
  return (await kms.encrypt({ keyId, plaintext: data(6_144) })).ciphertextBlob;
}

async function tagged(tagKey: string, tagValue: string) {
  await kms.tagResource({ keyId: await everyOther(), tags: [{ tagKey, tagValue }] });
}

async function tagTwice(total: number) {
  const id = await everyOther();
  await kms.tagResource({ keyId: id, tags: tags(9) });
  await kms.tagResource({ keyId: id, tags: [...tags(2), ...tags(total - 9, "more")] });
}

describe("limits", () => {
  test.each(LIMITS)("%s", async (_name, fits, past, error) => {
    await fits();
    await expect(past()).rejects.toMatchObject(error);
  });

  test("a key created with 20 tags may change them, and not add one", async () => {
    const { keyMetadata } = await kms.createKey({ tags: tags(20) });
    await kms.tagResource({ keyId: keyMetadata.keyId, tags: [{ tagKey: "t19", tagValue: "changed" }] });
    const add = kms.tagResource({ keyId: keyMetadata.keyId, tags: [{ tagKey: "new", tagValue: "" }] });
    await expect(add).rejects.toMatchObject(tooMany);
    const { tags: listed } = await kms.listResourceTags({ keyId: keyMetadata.keyId });
    expect(listed).toHaveLength(20);
    expect(listed).toContainEqual({ keyId: keyMetadata.keyId, tagKey: "t19", tagValue: "changed" });
  });
});

describe("malformed requests", () => {
  const WRONG: readonly (readonly [name: string, call: () => Promise<unknown>, error: object])[] = [
    ["no request", () => kms.encrypt(as(undefined)), missing],
    ["a request that is text", () => kms.encrypt(as("x")), missing],
    ["no key id", () => kms.encrypt(as({ plaintext: data(1) })), missing],
    ["a key id that is a number", () => kms.describeKey(as({ keyId: 5 })), invalid],
    ["an empty key id", () => kms.describeKey({ keyId: "" }), notFound],
    ["a key id with NUL", () => kms.describeKey({ keyId: "a\0b" }), notFound],
    ["a key id of a megabyte", () => kms.describeKey({ keyId: "a".repeat(1 << 20) }), notFound],
    ["an alias nobody made", () => kms.describeKey({ keyId: "alias/nobody" }), notFound],
    ["an alias no name allows", () => kms.describeKey({ keyId: "alias/ü" }), notFound],
    ["an ARN of another account", () => kms.describeKey({ keyId: `acs:kms:local:1:key/${keyId}` }), notFound],
    ["no plaintext", () => kms.encrypt(as({ keyId })), missing],
    ["plaintext that is text", () => kms.encrypt(as({ keyId, plaintext: "text" })), invalid],
    ["plaintext that is an array", () => kms.encrypt(as({ keyId, plaintext: [1, 2] })), invalid],
    [
      "plaintext in shared memory",
      () => kms.encrypt({ keyId, plaintext: new Uint8Array(new SharedArrayBuffer(4)) }),
      invalid,
    ],
    ["plaintext that was transferred away", () => kms.encrypt({ keyId, plaintext: detached() }), invalid],
    ["a blob that is text", () => kms.decrypt(as({ ciphertextBlob: "text" })), invalid],
    ["no blob", () => kms.decrypt(as({})), missing],
    ["an empty blob", () => kms.decrypt({ ciphertextBlob: data(0) }), invalid],
    ["a huge blob", () => kms.decrypt({ ciphertextBlob: data(1 << 24) }), invalid],
    ["a fraction of a page", () => kms.listKeys({ pageNumber: 1.5 }), invalid],
    ["a page beyond counting", () => kms.listKeys({ pageNumber: 2 ** 31 }), invalid],
    ["a page number that is text", () => kms.listKeys(as({ pageNumber: "1" })), invalid],
    ["a filter without values", () => kms.listKeys({ filters: as([{ key: "KeyState" }]) }), invalid],
    ["a filter nobody knows", () => kms.listKeys({ filters: as([{ key: "constructor", values: [] }]) }), invalid],
    ["filters that are an object", () => kms.listKeys({ filters: as({}) }), invalid],
    ["a boolean that is text", () => kms.updateRotationPolicy(as({ keyId, enableAutomaticRotation: "true" })), invalid],
    ["no boolean", () => kms.updateRotationPolicy(as({ keyId })), missing],
    ["rotation without interval", () => kms.updateRotationPolicy({ keyId, enableAutomaticRotation: true }), missing],
    ["rotation at creation without interval", () => kms.createKey({ enableAutomaticRotation: true }), missing],
    ["an interval without unit", () => rotation("365"), invalid],
    ["an interval of nonsense", () => rotation("1e9d"), invalid],
    ["a days' window that is text", () => kms.scheduleKeyDeletion(as({ keyId, pendingWindowInDays: "7" })), invalid],
    ["no window", () => kms.scheduleKeyDeletion(as({ keyId })), missing],
    ["a KeySpec nobody knows", () => kms.createKey(as({ keySpec: "Aliyun_AES_512" })), invalid],
    ["an origin in the wrong case", () => kms.createKey(as({ origin: "external" })), invalid],
    ["a level nobody knows", () => kms.createKey(as({ protectionLevel: "hsm" })), invalid],
    ["no description", () => kms.updateKeyDescription(as({ keyId })), missing],
    ["a description with NUL", () => kms.updateKeyDescription({ keyId, description: "a\0" }), invalid],
    ["a description that is not Unicode", () => kms.updateKeyDescription({ keyId, description: "\ud800" }), invalid],
    ["an alias without prefix", () => kms.createAlias({ keyId, aliasName: "orders" }), invalid],
    ["an alias with a space", () => kms.createAlias({ keyId, aliasName: "alias/a b" }), invalid],
    ["an alias of the service's", () => kms.createAlias({ keyId, aliasName: "alias/acs/ecs" }), invalid],
    [
      "an alias for an alias",
      () => kms.createAlias({ keyId: "alias/a", aliasName: "alias/b" }),
      { code: "Unsupported.Alias" },
    ],
    [
      "an alias where the service takes none",
      () => kms.disableKey({ keyId: "alias/a" }),
      { code: "Unsupported.Alias", httpStatus: 400 },
    ],
    ["no alias name", () => kms.deleteAlias(as({})), missing],
    [
      "an alias that is not there",
      () => kms.deleteAlias({ aliasName: "alias/gone" }),
      { code: "Forbidden.AliasNotFound", httpStatus: 404 },
    ],
    [
      "moving an alias that is not there",
      () => kms.updateAlias({ keyId, aliasName: "alias/gone" }),
      { code: "Forbidden.AliasNotFound" },
    ],
    ["no tags", () => kms.tagResource(as({ keyId })), missing],
    ["tags that are text", () => kms.tagResource(as({ keyId, tags: "k=v" })), invalid],
    ["a tag that is null", () => kms.tagResource(as({ keyId, tags: [null] })), invalid],
    ["a tag key twice", () => kms.tagResource({ keyId, tags: [...tags(1), ...tags(1)] }), invalid],
    ["an empty tag key", () => kms.tagResource({ keyId, tags: [{ tagKey: "", tagValue: "" }] }), invalid],
    [
      "a tag key of the service's",
      () => kms.tagResource({ keyId, tags: [{ tagKey: "acs:x", tagValue: "" }] }),
      invalid,
    ],
    ["another of them", () => kms.tagResource({ keyId, tags: [{ tagKey: "aliyunx", tagValue: "" }] }), invalid],
    ["a tag with a comma", () => kms.tagResource({ keyId, tags: [{ tagKey: "k", tagValue: "a,b" }] }), invalid],
    ["no tag keys", () => kms.untagResource(as({ keyId })), missing],
    ["tag keys that are numbers", () => kms.untagResource(as({ keyId, tagKeys: [1] })), invalid],
    ["an algorithm nobody knows", () => kms.encrypt(as({ keyId, plaintext: data(1), algorithm: "DES" })), invalid],
    ["a padding nobody knows", () => kms.encrypt(as({ keyId, plaintext: data(1), paddingMode: "ANSI" })), invalid],
    ["a data key of a strange spec", () => kms.generateDataKey(as({ keyId, keySpec: "AES_192" })), invalid],
    ["a version nobody made", () => kms.describeKeyVersion({ keyId, keyVersionId: "x".repeat(36) }), notFound],
    ["a version that is no id", () => kms.describeKeyVersion({ keyId, keyVersionId: "\0" }), notFound],
    ["no destination", () => kms.reEncrypt(as({ ciphertextBlob: data(64) })), missing],
  ];

  test.each(WRONG)("%s", async (_name, call, error) => {
    await expect(call()).rejects.toMatchObject({ name: "KmsError", ...error });
  });

  test("a request whose field throws is an internal failure, not a crash", async () => {
    const hostile = Object.defineProperty({ keyId }, "plaintext", {
      get() {
        throw new RangeError("surprise");
      },
    });
    await expect(kms.encrypt(as(hostile))).rejects.toMatchObject({ code: "InternalFailure", httpStatus: 500 });
  });

  test("methods reject, they never throw", () => {
    expect(() => kms.encrypt(as(null)).catch(() => undefined)).not.toThrow();
    expect(() => kms.describeKey(as(Symbol("x"))).catch(() => undefined)).not.toThrow();
  });
});

function detached(): Uint8Array<ArrayBuffer> {
  const bytes = data(4);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}
