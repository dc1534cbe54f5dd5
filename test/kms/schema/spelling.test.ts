import { describe, expect, test } from "vitest";
import { OPERATIONS, type OperationName } from "../../../src/kms/operations/operation-table.ts";
import { decode, decodeResponse, encode, encodeRequest } from "../../../src/kms/schema/codec.ts";

/**
 * Parameters of requests and members of answers, typed in from the service's documentation (API 2016-01-20). `!` is required.
 * `ours` are additions of this KMS, which the service does not have.
 */
interface Spelling {
  readonly request: string;
  readonly response: string;
  readonly ours?: string;
}

const PAGE = "PageNumber PageSize";
const ANSWERED_PAGE = "TotalCount PageNumber PageSize";
const NAMED = "KeyId KeyVersionId";
const CIPHER = "KeyId! KeyVersionId! Algorithm";

const SERVICE: Readonly<Record<OperationName, Spelling>> = {
  createKey: {
    request: "Description KeySpec KeyUsage Origin ProtectionLevel EnableAutomaticRotation RotationInterval Tags",
    response: "KeyMetadata",
    ours: "ImportMode",
  },
  describeKey: { request: "KeyId!", response: "KeyMetadata" },
  listKeys: { request: `${PAGE} Filters`, response: `${ANSWERED_PAGE} Keys` },
  enableKey: { request: "KeyId!", response: "" },
  disableKey: { request: "KeyId!", response: "" },
  cancelKeyDeletion: { request: "KeyId!", response: "" },
  scheduleKeyDeletion: { request: "KeyId! PendingWindowInDays!", response: "" },
  updateKeyDescription: { request: "KeyId! Description!", response: "" },
  setDeletionProtection: {
    request: "ProtectedResourceArn KeyId EnableDeletionProtection! DeletionProtectionDescription",
    response: "",
  },
  createKeyVersion: { request: "KeyId!", response: "KeyVersion" },
  listKeyVersions: { request: `KeyId! ${PAGE}`, response: `${ANSWERED_PAGE} KeyVersions` },
  describeKeyVersion: { request: "KeyId! KeyVersionId!", response: "KeyVersion" },
  updateRotationPolicy: { request: "KeyId! EnableAutomaticRotation! RotationInterval", response: "" },
  createAlias: { request: "KeyId! AliasName!", response: "" },
  updateAlias: { request: "KeyId! AliasName!", response: "" },
  deleteAlias: { request: "AliasName!", response: "" },
  listAliases: { request: PAGE, response: `${ANSWERED_PAGE} Aliases` },
  listAliasesByKeyId: { request: `KeyId! ${PAGE}`, response: `${ANSWERED_PAGE} Aliases` },
  getParametersForImport: {
    request: "KeyId! WrappingKeySpec! WrappingAlgorithm!",
    response: "KeyId PublicKey ImportToken TokenExpireTime",
  },
  importKeyMaterial: { request: "KeyId! EncryptedKeyMaterial! ImportToken! KeyMaterialExpireUnix", response: "" },
  deleteKeyMaterial: { request: "KeyId!", response: "" },
  encrypt: {
    request: "KeyId! Plaintext! EncryptionContext DryRun",
    response: `${NAMED} CiphertextBlob`,
    ours: "Algorithm PaddingMode Iv",
  },
  decrypt: {
    request: "CiphertextBlob! EncryptionContext DryRun",
    response: `${NAMED} Plaintext`,
    ours: "KeyId KeyVersionId",
  },
  reEncrypt: {
    request:
      "CiphertextBlob! DestinationKeyId! SourceEncryptionContext DestinationEncryptionContext " +
      "SourceKeyId SourceKeyVersionId SourceEncryptionAlgorithm",
    response: `CiphertextBlob ${NAMED}`,
    ours: "KeyId",
  },
  generateDataKey: {
    request: "KeyId! KeySpec NumberOfBytes EncryptionContext DryRun",
    response: `${NAMED} Plaintext CiphertextBlob`,
    ours: "DataKeyEncoding",
  },
  generateDataKeyWithoutPlaintext: {
    request: "KeyId! KeySpec NumberOfBytes EncryptionContext DryRun",
    response: `${NAMED} CiphertextBlob`,
    ours: "DataKeyEncoding",
  },
  exportDataKey: {
    request: "CiphertextBlob! PublicKeyBlob! WrappingKeySpec! WrappingAlgorithm! EncryptionContext",
    response: `${NAMED} ExportedDataKey`,
    ours: "DataKeyEncoding",
  },
  generateAndExportDataKey: {
    request: "KeyId! KeySpec NumberOfBytes PublicKeyBlob! WrappingKeySpec! WrappingAlgorithm! EncryptionContext DryRun",
    response: `${NAMED} CiphertextBlob ExportedDataKey`,
    ours: "DataKeyEncoding",
  },
  asymmetricEncrypt: { request: `${CIPHER} Plaintext! DryRun`, response: `${NAMED} CiphertextBlob` },
  asymmetricDecrypt: { request: `${CIPHER} CiphertextBlob! DryRun`, response: `${NAMED} Plaintext` },
  asymmetricSign: { request: `${CIPHER} Digest`, response: `${NAMED} Value`, ours: "Message MessageType" },
  asymmetricVerify: { request: `${CIPHER} Digest Value!`, response: `${NAMED} Value`, ours: "Message MessageType" },
  getPublicKey: { request: "KeyId! KeyVersionId!", response: `${NAMED} PublicKey` },
  tagResource: { request: "KeyId! Tags!", response: "" },
  untagResource: { request: "KeyId! TagKeys!", response: "" },
  listResourceTags: { request: "KeyId!", response: "Tags" },
  rotateKey: { request: "KeyId!", response: "KeyVersion" },
  generateRandom: { request: "Length!", response: "Random" },
  seedKey: {
    request: "KeyId! KeyVersionId! Material! Description KeySpec KeyUsage ProtectionLevel ImportMode",
    response: "KeyMetadata",
  },
};

const words = (text: string) => text.split(" ").filter((word) => word !== "");
const NAMES = Object.keys(OPERATIONS) as OperationName[];

test.each(NAMES)("%s has the parameters and members of the service, and those of ours that are named here", (name) => {
  const { request, response, name: operation } = OPERATIONS[name];
  expect(operation).toBe(name.charAt(0).toUpperCase() + name.slice(1));
  const { request: parameters, response: members, ours = "" } = SERVICE[name];
  const given = request.entries.map(({ parameter, field }) => `${parameter}${field.required ? "!" : ""}`);
  expect(given.sort()).toEqual([...words(parameters), ...words(ours)].sort());
  const answered = response.entries.map(({ parameter }) => parameter).filter((member) => member !== "Iv");
  expect(answered.sort()).toEqual(words(members).sort());
});

const day = new Date("2021-05-20T06:34:21.789Z");
const utf8 = (text: string) => new TextEncoder().encode(text);
const query = (text: string) => new URLSearchParams(text);

describe("the encoded text, letter for letter", () => {
  test("a key's metadata, as DescribeKey answers it", () => {
    const keyMetadata = {
      keyId: "key-a",
      arn: "acs:kms:cn-hangzhou:123456:key/key-a",
      creator: "123456",
      creationDate: day,
      description: "",
      keySpec: "Aliyun_AES_256",
      keyUsage: "ENCRYPT/DECRYPT",
      keyState: "Enabled",
      origin: "Aliyun_KMS",
      protectionLevel: "SOFTWARE",
      primaryKeyVersion: "v",
      lastRotationDate: day,
      automaticRotation: "Enabled",
      rotationInterval: "604800s",
      nextRotationDate: day,
      deletionProtection: "Disabled",
      deletionProtectionDescription: "",
      custody: "software",
      seeded: false,
    } as const;
    expect(encode(OPERATIONS.describeKey, { keyMetadata })).toEqual({
      KeyMetadata: {
        KeyId: "key-a",
        Arn: "acs:kms:cn-hangzhou:123456:key/key-a",
        Creator: "123456",
        CreationDate: "2021-05-20T06:34:21Z",
        Description: "",
        KeySpec: "Aliyun_AES_256",
        KeyUsage: "ENCRYPT/DECRYPT",
        KeyState: "Enabled",
        Origin: "Aliyun_KMS",
        ProtectionLevel: "SOFTWARE",
        PrimaryKeyVersion: "v",
        DeleteDate: "",
        MaterialExpireTime: "",
        LastRotationDate: "2021-05-20T06:34:21Z",
        AutomaticRotation: "Enabled",
        RotationInterval: "604800s",
        NextRotationDate: "2021-05-20T06:34:21Z",
        DeletionProtection: "Disabled",
        DeletionProtectionDescription: "",
        Custody: "software",
        Seeded: false,
      },
    });
  });

  test("lists are wrapped: Keys.Key[], KeyVersions.KeyVersion[], Aliases.Alias[], Tags.Tag[]", () => {
    const page = { pageNumber: 1, pageSize: 10, totalCount: 1 };
    const numbers = { PageNumber: 1, PageSize: 10, TotalCount: 1 };
    expect(encode(OPERATIONS.listKeys, { ...page, keys: [{ keyId: "k", keyArn: "a" }] })).toEqual({
      ...numbers,
      Keys: { Key: [{ KeyId: "k", KeyArn: "a" }] },
    });
    const keyVersions = [{ keyId: "k", keyVersionId: "v", creationDate: day }];
    expect(encode(OPERATIONS.listKeyVersions, { ...page, keyVersions })).toEqual({
      ...numbers,
      KeyVersions: { KeyVersion: [{ KeyId: "k", KeyVersionId: "v", CreationDate: "2021-05-20T06:34:21Z" }] },
    });
    const aliases = [{ keyId: "k", aliasName: "alias/a", aliasArn: "acs:kms:local:0:alias/a" }];
    expect(encode(OPERATIONS.listAliases, { ...page, aliases })).toEqual({
      ...numbers,
      Aliases: { Alias: [{ KeyId: "k", AliasName: "alias/a", AliasArn: "acs:kms:local:0:alias/a" }] },
    });
    expect(encode(OPERATIONS.listResourceTags, { tags: [{ keyId: "k", tagKey: "t", tagValue: "v" }] })).toEqual({
      Tags: { Tag: [{ KeyId: "k", TagKey: "t", TagValue: "v" }] },
    });
    expect(encode(OPERATIONS.enableKey, undefined)).toEqual({});
  });

  test("the query of the SDK's Encrypt: text is encrypted as it is, contexts come as JSON or in parts", () => {
    const json =
      "EncryptionContext=%7B%22b%22%3A%222%22%2C%22a%22%3A%221%22%7D&KeyId=key-1&Plaintext=SGVsbG8gd29ybGQ%3D";
    const request = { keyId: "key-1", plaintext: utf8("SGVsbG8gd29ybGQ="), encryptionContext: { b: "2", a: "1" } };
    expect(decode(OPERATIONS.encrypt, query(json))).toEqual(request);
    const parts = "EncryptionContext.a=1&EncryptionContext.b=2&KeyId=key-1&Plaintext=SGVsbG8gd29ybGQ%3D";
    expect(decode(OPERATIONS.encrypt, query(parts))).toEqual(request);
    const dots = decode(OPERATIONS.encrypt, query("KeyId=k&Plaintext=p&EncryptionContext.a.b=1&EncryptionContext.=2"));
    expect(dots.encryptionContext).toEqual({ "a.b": "1", "": "2" });
    expect(decode(OPERATIONS.encrypt, query("KeyId=k&Plaintext=plaintext")).plaintext).toEqual(utf8("plaintext"));
    expect(decode(OPERATIONS.encrypt, query("KeyId=k&Plaintext=")).plaintext).toEqual(new Uint8Array());
  });

  test("parameters of the protocol are passed over", () => {
    const common =
      "Action=DescribeKey&Format=json&Timestamp=2026-11-22T00%3A28%3A24Z&Version=2016-01-20&SignatureNonce=5619&" +
      "SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&AccessKeyId=LTAItestid&Signature=k7Ep&RegionId=cn-hangzhou&SecurityToken=x";
    expect(decode(OPERATIONS.describeKey, query(`${common}&KeyId=key-1`))).toEqual({ keyId: "key-1" });
  });

  test("a plaintext is answered as the text it is; bytes where Base64 is asked for", () => {
    const answer = { keyId: "k", keyVersionId: "v", plaintext: utf8("SGVsbG8gd29ybGQ=") };
    expect(encode(OPERATIONS.decrypt, answer)).toEqual({
      KeyId: "k",
      KeyVersionId: "v",
      Plaintext: "SGVsbG8gd29ybGQ=",
    });
    expect(encode(OPERATIONS.decrypt, { ...answer, plaintext: utf8("\ufeffnaïve") }).Plaintext).toBe("\ufeffnaïve");
    const bytes = { ...answer, plaintext: Uint8Array.of(0xff, 0xfe) };
    expect(encode(OPERATIONS.decrypt, bytes, { plaintext: "base64" }).Plaintext).toBe("//4=");
    expect(() => encode(OPERATIONS.decrypt, bytes)).toThrow(
      expect.objectContaining({ code: "InvalidParameter", message: expect.stringContaining("x-lanelock-plaintext") }),
    );
  });

  test("a data key is made over its Base64 text, and answered in Base64", () => {
    expect(decode(OPERATIONS.generateDataKey, query("KeyId=k&NumberOfBytes=16&DryRun=true"))).toEqual({
      keyId: "k",
      numberOfBytes: 16,
      dryRun: true,
      dataKeyEncoding: "base64",
    });
    const answer = { keyId: "k", keyVersionId: "v", ciphertextBlob: Uint8Array.of(1), plaintext: Uint8Array.of(0xff) };
    expect(encode(OPERATIONS.generateDataKey, answer)).toEqual({
      KeyId: "k",
      KeyVersionId: "v",
      CiphertextBlob: "AQ==",
      Plaintext: "/w==",
    });
    const request = { keyId: "k", dataKeyEncoding: "base64" } as const;
    expect(encodeRequest(OPERATIONS.generateDataKey, request)).toEqual({ KeyId: "k" });
    expect(() => encodeRequest(OPERATIONS.generateDataKey, { ...request, dataKeyEncoding: "raw" })).toThrow(/base64/);
    expect(() => decode(OPERATIONS.generateDataKey, query("KeyId=k&DataKeyEncoding=raw"))).toThrow(
      expect.objectContaining({ code: "InvalidParameter" }),
    );
  });

  test("tags come as JSON or numbered, tag keys and filters likewise", () => {
    const tags = [
      { tagKey: "a", tagValue: "1" },
      { tagKey: "b", tagValue: "" },
    ];
    const json = encodeURIComponent('[{"TagKey":"a","TagValue":"1"},{"TagKey":"b","TagValue":""}]');
    expect(decode(OPERATIONS.tagResource, query(`KeyId=k&Tags=${json}`))).toEqual({ keyId: "k", tags });
    for (const stem of ["Tag", "Tags"]) {
      const parts = `${stem}.2.TagKey=b&${stem}.1.TagKey=a&${stem}.1.TagValue=1&${stem}.2.TagValue=`;
      expect(decode(OPERATIONS.tagResource, query(`KeyId=k&${parts}`))).toEqual({ keyId: "k", tags });
    }
    const untag = { keyId: "k", tagKeys: ["x", "y"] };
    expect(decode(OPERATIONS.untagResource, query('KeyId=k&TagKeys=["x","y"]'))).toEqual(untag);
    expect(decode(OPERATIONS.untagResource, query("KeyId=k&TagKeys.1=x&TagKeys.2=y"))).toEqual(untag);
    const filters = [{ key: "KeyState", values: ["Enabled", "Disabled"] }];
    const text = encodeURIComponent('[{"Key":"KeyState","Values":["Enabled","Disabled"]}]');
    expect(decode(OPERATIONS.listKeys, query(`Filters=${text}&PageSize=5`))).toEqual({ filters, pageSize: 5 });
    const parts = "Filters.1.Key=KeyState&Filters.1.Values.1=Enabled&Filters.1.Values.2=Disabled";
    expect(decode(OPERATIONS.listKeys, query(parts))).toEqual({ filters });
  });

  test("booleans, whole numbers and bytes", () => {
    const read = (text: string) =>
      decode(OPERATIONS.updateRotationPolicy, query(`KeyId=k&EnableAutomaticRotation=${text}`)).enableAutomaticRotation;
    expect([read("true"), read("false"), read("True"), read("FALSE")]).toEqual([true, false, true, false]);
    const deletion = decode(OPERATIONS.scheduleKeyDeletion, query("KeyId=k&PendingWindowInDays=7"));
    expect(deletion).toEqual({ keyId: "k", pendingWindowInDays: 7 });
    expect(decode(OPERATIONS.decrypt, query("CiphertextBlob=AQI%3D")).ciphertextBlob).toEqual(Uint8Array.of(1, 2));
  });

  test("a client's Encrypt sends Base64, and its Decrypt reads it", () => {
    const plaintext = utf8("Hello world");
    expect(encodeRequest(OPERATIONS.encrypt, { keyId: "k", plaintext, encryptionContext: { a: "1" } })).toEqual({
      KeyId: "k",
      Plaintext: "SGVsbG8gd29ybGQ=",
      EncryptionContext: '{"a":"1"}',
    });
    const json = { KeyId: "k", KeyVersionId: "v", Plaintext: "SGVsbG8gd29ybGQ=", RequestId: "r" };
    expect(decodeResponse(OPERATIONS.decrypt, json)).toEqual({ keyId: "k", keyVersionId: "v", plaintext });
  });
});

describe("what is refused", () => {
  const invalid = expect.objectContaining({ name: "KmsError", code: "InvalidParameter" });

  test.each([
    ["an unknown parameter", "describeKey", "KeyId=k&Surprise=1", "Surprise"],
    ["a misspelt one", "encrypt", "KeyId=k&Plaintext=p&Encryptioncontext={}", 'did you mean "EncryptionContext"?'],
    ["one in the spelling of the library", "describeKey", "keyId=k", 'did you mean "KeyId"?'],
    ["an unknown part", "describeKey", "KeyId=k&Surprise.1=1", "Surprise.1"],
    ["a part of what has none", "describeKey", "KeyId.1=k", "KeyId.1"],
    ["a parameter twice", "describeKey", "KeyId=k&KeyId=l", "twice"],
    ["a part twice", "encrypt", "EncryptionContext.a=1&EncryptionContext.a=2", "twice"],
    ["a whole and a part", "encrypt", "EncryptionContext={}&EncryptionContext.a=1", "twice"],
    ["a list under both its names", "tagResource", "Tag.1.TagKey=a&Tags.1.TagKey=a", "twice"],
    ["a context with a name twice", "encrypt", 'EncryptionContext={"a":"1","a":"2"}', "name twice"],
    ["a name twice, once escaped", "encrypt", 'EncryptionContext={"a":"1","\\u0061":"2"}', "name twice"],
    ["a context that is no JSON", "encrypt", "EncryptionContext={a:1}", "JSON"],
    ["a context of a number", "encrypt", 'EncryptionContext={"a":1}', "strings"],
    ["a context that is an array", "encrypt", 'EncryptionContext=["a"]', "object of strings"],
    ["a context that is null", "encrypt", "EncryptionContext=null", "object of strings"],
    ["bytes that are no Base64", "decrypt", "CiphertextBlob=%21", "Base64"],
    ["Base64 without padding", "decrypt", "CiphertextBlob=AQI", "Base64"],
    ["Base64 with bits to spare", "decrypt", "CiphertextBlob=AQJ=", "Base64"],
    ["Base64 with four bits to spare", "decrypt", "CiphertextBlob=AAECAR==", "Base64"],
    ["an invalid boolean", "encrypt", "DryRun=1", "true or false"],
    ["an invalid number", "scheduleKeyDeletion", "PendingWindowInDays=7.5", "whole number"],
    ["a number of hexadecimal digits", "scheduleKeyDeletion", "PendingWindowInDays=0x7", "whole number"],
    ["an unknown choice", "createKey", "Origin=external", "Aliyun_KMS"],
    ["tags that are no list", "tagResource", "Tags={}", "array"],
    ["a tag that is text", "tagResource", 'Tags=["a"]', "array"],
    ["numbers with a gap", "tagResource", "Tag.2.TagKey=a", "numbered"],
    ["a part without its number", "tagResource", "Tag.TagKey=a", "numbered"],
    ["an unknown member of a numbered tag", "tagResource", "Tag.1.Key=a", "Tags.1.Key"],
  ] as const)("%s", (_what, name, text, message) => {
    const parameters = text.split("&").map((pair): [string, string] => {
      const [parameter = "", ...value] = pair.split("=");
      return [parameter, decodeURIComponent(value.join("="))];
    });
    const attempt = () => decode<never>(OPERATIONS[name], parameters);
    expect(attempt).toThrow(invalid);
    expect(attempt).toThrow(message);
  });

  test("names of every object are no members of a JSON object unless it has them", () => {
    const request = decode(OPERATIONS.encrypt, query('EncryptionContext={"__proto__":"1","constructor":"2"}'));
    expect(Object.entries(request.encryptionContext ?? {})).toEqual([
      ["__proto__", "1"],
      ["constructor", "2"],
    ]);
    const parts = decode(OPERATIONS.encrypt, query("EncryptionContext.__proto__=1"));
    expect(Object.entries(parts.encryptionContext ?? {})).toEqual([["__proto__", "1"]]);
  });

  test("malformed answers, by name and with the mistake", () => {
    for (const [json, what] of [
      [null, "an object"],
      ["text", "an object"],
      [[], "an object"],
      [{}, "a member KeyId"],
      [{ KeyId: 5 }, "a string"],
      [{ KeyId: "k", KeyVersionId: "v", CiphertextBlob: "!" }, "Base64"],
    ] as const) {
      const attempt = () => decodeResponse(OPERATIONS.encrypt, json);
      expect(attempt).toThrow(expect.objectContaining({ code: "ERR_PROVIDER" }));
      expect(attempt).toThrow(`The KMS gave no proper answer to Encrypt: expected ${what}`);
    }
    const dates = { KeyVersion: { KeyId: "k", KeyVersionId: "v", CreationDate: "yesterday" } };
    expect(() => decodeResponse(OPERATIONS.rotateKey, dates)).toThrow(/a date/);
  });
});
