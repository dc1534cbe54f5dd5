import { base64, type DocumentedExample, KEY } from "./example.ts";

const PUBLIC_KEY =
  "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAlls4uIBxD0GG84C+lGBO6Dhpf1J3XimC6cPmPNaKKJMOzoX4tD+C+r7aZv8lZ3vnPfxuxvy/YwG+" +
  "whUxTEEFUdqJTOIzhPfYucupqKM92crVHIuG+xtMVeHKjyTr+UrtKCsQikqHT+19yDRN/RMoo2HUx0gmEnRyXd8t3JyUXun9FdoxKA08GrsV7nodb9ZsoBLh" +
  "nev7tTLcXvLyKW6XG1ZQCQm6dPnbnwLeDXR7uK0Lqn9PM28mBIdaiQUQxj2XbM1CoJA+JiyVX3Ptdb+4rqukb4Rb05B80Bs9xV/cf7FIku08l7xGhrGiQFq+" +
  "DFXwQWtwihXHZxz3LhldU+4ZPwIDAQAB";
const MATERIAL =
  "bCPZx7I6v6KXsqEpr2OXKxuj2CCRtKdwp75Bw+BGncYqBdfjFBYRtOE6HRlT0oeiRDWzwnw9OA54OL36smDJrq4Lo9x0CyYDiuKnRkcKtMtlzW0din7Pd7Il" +
  "ZWWRdVueiw2qpzl7PkUWQGTdsdbzpfJJQ+qj/cRIrk/E83UGyeyytSpgnb+lu0xEYcPajRyWNsbi98N3pqqQzHXNNHO2NJqHlnQgglqTiBEjkGeKFhfKmTc3" +
  "vjulIdVa3EaVIN6lwWfgx+UUYSrvbA77WDYKlDsZ4SbK2/T7za9Tp1qU7Ynqba7OKGVVj7PMbiaO80AxWZnjUMYCgEp5w7V+seOXqw==";
const TAGGED = "08c33a6f-4e0a-4a1b-a3fa-7ddf****";

/** Material of the caller's, and tags. */
export const MATERIAL_AND_TAG_EXAMPLES: Readonly<Record<string, DocumentedExample>> = {
  GetParametersForImport: {
    source: "DOC21 intl.en-US/API Reference/Key/GetParametersForImport.md",
    printed: `Action=GetParametersForImport&KeyId=${KEY}&WrappingAlgorithm=RSAES_PKCS1_V1_5&WrappingKeySpec=RSA_2048`,
    call: (kms) =>
      kms.getParametersForImport({
        keyId: KEY,
        wrappingAlgorithm: "RSAES_PKCS1_V1_5",
        wrappingKeySpec: "RSA_2048",
      }),
    answer: {
      ImportToken: "Base64String",
      PublicKey: PUBLIC_KEY,
      KeyId: "KeyId",
      TokenExpireTime: "2018-01-25T00:01:02Z",
      RequestId: "8cdf51fd-bcd6-d79a-0ef4-e52c9b5466dc",
    },
    answered: {
      importToken: base64("Base64String"),
      publicKey: base64(PUBLIC_KEY),
      keyId: "KeyId",
      tokenExpireTime: new Date("2018-01-25T00:01:02Z"),
    },
  },
  ImportKeyMaterial: {
    source: "DOC21 intl.en-US/API Reference/Key/ImportKeyMaterial.md",
    printed: `Action=ImportKeyMaterial&EncryptedKeyMaterial=${MATERIAL}&ImportToken=Base64String&KeyId=${KEY}&KeyMaterialExpireUnix=0`,
    call: (kms) =>
      kms.importKeyMaterial({
        keyId: KEY,
        encryptedKeyMaterial: base64(MATERIAL),
        importToken: base64("Base64String"),
        keyMaterialExpireUnix: 0,
      }),
    answer: { RequestId: "ec1017cf-ead4-f3ca-babc-c3b34f3dbecb" },
    answered: undefined,
  },
  DeleteKeyMaterial: {
    source: "DOC21 intl.en-US/API Reference/Key/DeleteKeyMaterial.md",
    printed: `Action=DeleteKeyMaterial&KeyId=${KEY}`,
    call: (kms) => kms.deleteKeyMaterial({ keyId: KEY }),
    answer: { RequestId: "4162a6af-bc99-40b3-a552-89dcc8aaf7c8" },
    answered: undefined,
  },
  TagResource: {
    source: "DOC21 intl.en-US/API Reference/Tag/TagResource.md",
    printed: `Action=TagResource&KeyId=${TAGGED}&Tags=[{\\"TagKey\\":\\"S1key1\\",\\"TagValue\\":\\"S1val1\\"},{\\"TagKey\\":\\"S1key2\\",\\"TagValue\\":\\"S2val2\\"}]`,
    // The page escapes the quotation marks, as for a string in a program.
    parameters: { Tags: '[{"TagKey":"S1key1","TagValue":"S1val1"},{"TagKey":"S1key2","TagValue":"S2val2"}]' },
    call: (kms) =>
      kms.tagResource({
        keyId: TAGGED,
        tags: [
          { tagKey: "S1key1", tagValue: "S1val1" },
          { tagKey: "S1key2", tagValue: "S2val2" },
        ],
      }),
    answer: { RequestId: "4162a6af-bc99-40b3-a552-89dcc8aaf7c8" },
    answered: undefined,
  },
  UntagResource: {
    source: "DOC21 intl.en-US/API Reference/Tag/UntagResource.md",
    printed: `Action=UntagResource&KeyId=${TAGGED}&TagKeys=["tagkey1","tagkey2"]`,
    call: (kms) => kms.untagResource({ keyId: TAGGED, tagKeys: ["tagkey1", "tagkey2"] }),
    answer: { RequestId: "4162a6af-bc99-40b3-a552-89dcc8aaf7c8" },
    answered: undefined,
  },
  ListResourceTags: {
    source:
      "help/en/key-management-service/latest/kms-listresourcetags; its answer from DOC21 intl.en-US/API Reference/API list",
    printed: `Action=ListResourceTags&KeyId=${KEY}`,
    call: (kms) => kms.listResourceTags({ keyId: KEY }),
    answer: {
      RequestId: "4162a6af-bc99-40b3-a552-89dcc8aaf7c8",
      Tags: { Tag: [{ KeyId: "33caea95-c3e5-4b3e-a9c6-cec76e4eaf83", TagKey: "Project", TagValue: "Test" }] },
    },
    answered: {
      tags: [{ keyId: "33caea95-c3e5-4b3e-a9c6-cec76e4eaf83", tagKey: "Project", tagValue: "Test" }],
    },
  },
};
