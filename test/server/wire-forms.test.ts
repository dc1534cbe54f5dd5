import { expect, test } from "vitest";
import { encrypt } from "../../src/kms/operations/encrypt.ts";
import { decode } from "../../src/kms/schema/codec.ts";

const context = (parts: Record<string, string>) => decode(encrypt, Object.entries(parts)).encryptionContext;

test.each<[string, Record<string, string>, Record<string, string>]>([
  ["JSON", { EncryptionContext: '{"tenant":"42","b":"2"}' }, { tenant: "42", b: "2" }],
  ["parts", { "EncryptionContext.tenant": "42", "EncryptionContext.a.b": "2" }, { tenant: "42", "a.b": "2" }],
  [
    "numbered pairs",
    {
      "EncryptionContext.2.Value": "2",
      "EncryptionContext.1.Key": "a",
      "EncryptionContext.1.Value": "1",
      "EncryptionContext.2.Key": "b",
    },
    { a: "1", b: "2" },
  ],
  ["a name that looks like a pair's, without its pair", { "EncryptionContext.1.Key": "a" }, { "1.Key": "a" }],
  [
    "pairs that do not begin at 1",
    { "EncryptionContext.2.Key": "a", "EncryptionContext.2.Value": "b" },
    { "2.Key": "a", "2.Value": "b" },
  ],
])("an encryption context in %s", (_, parts, expected) => {
  expect(context(parts)).toEqual(expected);
});

test.each<[string, Record<string, string>]>([
  ["a key twice in JSON", { EncryptionContext: '{"a":"1","a":"2"}' }],
  ["a key twice by an escape", { EncryptionContext: '{"a":"1","\\u0061":"2"}' }],
  [
    "a key twice in numbered pairs",
    {
      "EncryptionContext.1.Key": "a",
      "EncryptionContext.1.Value": "1",
      "EncryptionContext.2.Key": "a",
      "EncryptionContext.2.Value": "2",
    },
  ],
  ["JSON and parts", { EncryptionContext: "{}", "EncryptionContext.a": "1" }],
  ["a number", { EncryptionContext: '{"a":1}' }],
  ["a list", { EncryptionContext: "[]" }],
])("%s is refused", (_, parts) => {
  expect(() => context(parts)).toThrow(expect.objectContaining({ code: "InvalidParameter" }));
});
