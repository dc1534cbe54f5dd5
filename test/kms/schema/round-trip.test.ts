import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalQuery } from "../../../src/client/acs3-signature-hmac-sha256.ts";
import { OPERATIONS, type OperationName } from "../../../src/kms/operations/operation-table.ts";
import { decode, decodeResponse, encode, encodeRequest } from "../../../src/kms/schema/codec.ts";
import { readParameters } from "../../../src/server/protocol/parameters.ts";

/** Values of every field, by name: what a caller may give, and what an operation may answer. */
const bytes = fc.uint8Array({ maxLength: 100 });
const id = fc.string({ unit: fc.constantFrom(..."abcz019-"), minLength: 1, maxLength: 40 });
const key = fc.oneof(
  id,
  id.map((one) => `acs:kms:local:0:key/${one}`),
);
const wellFormed = fc.string({ unit: "grapheme", maxLength: 40 }).filter((one) => !one.includes("\0"));
const count = fc.integer({ min: 0, max: 1_000_000 });
/** To the second: so they travel. */
const date = fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => new Date(seconds * 1_000));
const context = fc.dictionary(fc.oneof(wellFormed, fc.constantFrom("__proto__", "a.b", "", "=", "&")), wellFormed);
const days = fc.integer({ min: 7, max: 730 }).map((one) => `${one}d`);
const tagText = fc.string({ unit: fc.constantFrom(..."abZ09 /_.+=:@-\\"), minLength: 1, maxLength: 128 });
const tag = fc.record({ tagKey: tagText.map((one) => `t${one}`.slice(0, 128)), tagValue: tagText });
const tags = fc.uniqueArray(tag, { selector: (one) => one.tagKey, maxLength: 10 });
const oneOf = (text: string) => fc.constantFrom(...text.split(" "));
const optional = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });

const keyVersion = fc.record({ keyId: id, keyVersionId: id, creationDate: date });
const keyMetadata = fc.record({
  keyId: id,
  arn: wellFormed,
  creator: wellFormed,
  creationDate: date,
  description: wellFormed,
  keySpec: oneOf("Aliyun_AES_256 Aliyun_SM4 RSA_4096 EC_P256K"),
  keyUsage: oneOf("ENCRYPT/DECRYPT SIGN/VERIFY"),
  keyState: oneOf("Enabled Disabled PendingDeletion PendingImport"),
  origin: oneOf("Aliyun_KMS EXTERNAL"),
  protectionLevel: oneOf("SOFTWARE HSM EXTERNAL"),
  primaryKeyVersion: optional(id),
  deleteDate: optional(date),
  materialExpireTime: optional(date),
  lastRotationDate: date,
  automaticRotation: oneOf("Enabled Disabled Suspended"),
  rotationInterval: optional(fc.constant("604800s")),
  nextRotationDate: optional(date),
  deletionProtection: oneOf("Enabled Disabled"),
  deletionProtectionDescription: wellFormed,
  custody: optional(oneOf("software token token-wrapped external")),
  seeded: fc.boolean(),
});

const FIELDS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  ...{ keyId: key, keyVersionId: id, destinationKeyId: key, sourceKeyId: key, sourceKeyVersionId: id },
  ...{ protectedResourceArn: key, aliasName: id.map((one) => `alias/${one}`) },
  ...{
    plaintext: bytes,
    ciphertextBlob: bytes,
    digest: bytes,
    message: bytes,
    value: bytes,
    iv: bytes,
    material: bytes,
  },
  ...{ importToken: bytes, encryptedKeyMaterial: bytes, publicKeyBlob: bytes, exportedDataKey: bytes, random: bytes },
  ...{ encryptionContext: context, sourceEncryptionContext: context, destinationEncryptionContext: context },
  ...{ description: wellFormed, deletionProtectionDescription: wellFormed, publicKey: bytes },
  ...{ dryRun: fc.boolean(), enableAutomaticRotation: fc.boolean(), enableDeletionProtection: fc.boolean() },
  ...{ rotationInterval: days, numberOfBytes: fc.integer({ min: 1, max: 1_024 }), tokenExpireTime: date },
  ...{ length: fc.integer({ min: 1, max: 1_024 }), keyMaterialExpireUnix: count },
  ...{ pendingWindowInDays: fc.integer({ min: 7, max: 366 }), totalCount: count },
  ...{ pageNumber: fc.integer({ min: 1, max: 2 ** 31 - 1 }), pageSize: fc.integer({ min: 1, max: 100 }) },
  keySpec: oneOf("Aliyun_AES_256 Aliyun_AES_192 Aliyun_AES_128 Aliyun_SM4 RSA_2048 RSA_3072 RSA_4096 EC_P256 EC_P256K"),
  keyUsage: oneOf("ENCRYPT/DECRYPT SIGN/VERIFY"),
  origin: oneOf("Aliyun_KMS EXTERNAL"),
  protectionLevel: oneOf("SOFTWARE HSM EXTERNAL"),
  importMode: oneOf("GCM CBC ECB"),
  algorithm: oneOf("AES_GCM AES_CBC AES_ECB SM4_GCM"),
  paddingMode: oneOf("PKCS7_PADDING NO_PADDING"),
  messageType: oneOf("RAW DIGEST"),
  sourceEncryptionAlgorithm: oneOf("RSAES_OAEP_SHA_256 RSAES_OAEP_SHA_1"),
  wrappingKeySpec: oneOf("RSA_2048"),
  wrappingAlgorithm: oneOf("RSAES_OAEP_SHA_256 RSAES_OAEP_SHA_1"),
  dataKeyEncoding: fc.constant("base64"),
  tags,
  tagKeys: fc.array(
    tag.map((one) => one.tagKey),
    { maxLength: 20 },
  ),
  filters: fc.array(
    fc.record({ key: oneOf("KeyState KeySpec AliasName TagKey"), values: fc.array(wellFormed, { maxLength: 5 }) }),
    { maxLength: 10 },
  ),
  keyMetadata,
  keyVersion,
  keys: fc.array(fc.record({ keyId: id, keyArn: wellFormed })),
  keyVersions: fc.array(keyVersion),
  aliases: fc.array(fc.record({ keyId: id, aliasName: id, aliasArn: wellFormed })),
};

/** Where one name means two things. */
const ELSEWHERE: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  "generateDataKey keySpec": oneOf("AES_256 AES_128"),
  "generateDataKeyWithoutPlaintext keySpec": oneOf("AES_256 AES_128"),
  "generateAndExportDataKey keySpec": oneOf("AES_256 AES_128"),
  "asymmetricVerify answers value": fc.boolean(),
  "getPublicKey answers publicKey": wellFormed,
  "listResourceTags answers tags": fc.array(fc.record({ keyId: id, tagKey: tagText, tagValue: tagText })),
};

interface Named {
  readonly name: string;
  readonly field: { readonly required: boolean };
}

function anyOf(where: string, entries: readonly Named[]): fc.Arbitrary<Record<string, unknown>> {
  const model = Object.fromEntries(
    entries.map(({ name, field }) => {
      const arbitrary = ELSEWHERE[`${where} ${name}`] ?? FIELDS[name];
      if (arbitrary === undefined) throw new Error(`This test has no values for ${name} of ${where}`);
      return [name, field.required ? arbitrary : optional(arbitrary)];
    }),
  );
  return fc.record(model);
}

/** What a client sends for a plaintext, which is what a server then encrypts. */
const base64 = (value: unknown) => new TextEncoder().encode(Buffer.from(value as Uint8Array).toString("base64"));
const present = (value: object) => Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined));
const NAMES = Object.keys(OPERATIONS) as OperationName[];

test.each(NAMES)("a request of %s comes out of a query as it went in", (name) => {
  const operation = OPERATIONS[name];
  const hasEncoding = operation.request.entries.some((entry) => entry.name === "dataKeyEncoding");
  fc.assert(
    fc.property(anyOf(name, operation.request.entries), (request) => {
      // As the client writes a query, and the server reads one.
      const parameters = new Map<string, string>();
      readParameters(canonicalQuery(encodeRequest<never>(operation, request as never)), parameters);
      const decoded: object = decode<never>(operation, parameters);
      const expected = { ...present(request), ...(hasEncoding && { dataKeyEncoding: "base64" }) };
      if (name === "encrypt") Object.assign(expected, { plaintext: base64(request.plaintext) });
      expect(decoded).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});

test.each(NAMES)("an answer of %s comes out of JSON as it went in", (name) => {
  const operation = OPERATIONS[name];
  if (operation.response.entries.length === 0) {
    expect(encode<never>(operation, undefined as never)).toEqual({});
    expect(decodeResponse<never>(operation, { RequestId: "r" })).toBeUndefined();
    return;
  }
  fc.assert(
    fc.property(anyOf(`${name} answers`, operation.response.entries), (answer) => {
      const json = encode<never>(operation, answer as never, { plaintext: "base64" });
      const decoded: unknown = decodeResponse<never>(operation, {
        ...JSON.parse(JSON.stringify(json)),
        RequestId: "r",
      });
      expect(decoded).toEqual(answer);
      if (name !== "decrypt") return;
      // What a client encrypted is text, and comes back without asking for Base64.
      const asText = encode<never>(operation, { ...answer, plaintext: base64(answer.plaintext) } as never);
      expect(decodeResponse<never>(operation, asText)).toEqual(answer);
    }),
    { numRuns: 200 },
  );
});
