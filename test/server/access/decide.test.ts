import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { plainAddress, type RequestFacts } from "../../../src/server/access/conditions.ts";
import { type Access, asksForTags, decide } from "../../../src/server/access/decide.ts";
import { readPolicy } from "../../../src/server/access/policy-document.ts";
import { matchesWildcard } from "../../../src/server/access/wildcard.ts";

const key = "acs:kms:local:0:key/key-1";
const facts: RequestFacts = {
  ...{ sourceIp: "10.1.2.3", secureTransport: true, currentTime: Date.UTC(2026, 5, 1) },
  encryptionContext: { tenant: "42" },
  tags: new Map([["Project", "orders"]]),
};
const encrypt: Access = { actions: ["kms:Encrypt"], resources: [key] };

const policyOf = (...statements: object[]) => readPolicy(JSON.stringify({ Version: "1", Statement: statements }));
const allow = { Effect: "Allow", Action: "kms:Encrypt", Resource: "*" };
const allowed = (statements: object[], access = encrypt, over: Partial<RequestFacts> = {}) =>
  decide(policyOf(...statements), access, { ...facts, ...over }).allowed;

describe("which statements apply", () => {
  test("what no statement allows is denied, and the reason says so", () => {
    const other = { ...allow, Action: "kms:Decrypt" };
    const decision = decide(policyOf(other), encrypt, facts);
    expect(decision).toEqual({ allowed: false, reason: `No statement allows kms:Encrypt on ${key}.` });
  });

  test("deny wins wherever it stands, and the reason names the statement", () => {
    const deny = { Effect: "Deny", Action: "kms:*", Resource: key };
    for (const statements of [
      [deny, allow],
      [allow, deny],
    ])
      expect(allowed(statements)).toBe(false);
    expect(decide(policyOf(allow, deny), encrypt, facts).reason).toBe(`Statement 2 denies kms:Encrypt on ${key}.`);
    expect(decide(policyOf(allow), encrypt, facts).reason).toBe(`Statement 1 allows kms:Encrypt on ${key}.`);
  });

  test.each([
    ["kms:Encrypt", true],
    ["kms:encrypt", true],
    ["kms:*", true],
    ["*", true],
    ["kms:E*t", true],
    ["kms:Encryp?", true],
    ["kms:Encrypt?", false],
    ["kms:Decrypt", false],
    ["kms:GenerateDataKey*", false],
  ])("the action %s", (Action, expected) => {
    expect(allowed([{ ...allow, Action }])).toBe(expected);
    expect(allowed([{ ...allow, Action: ["kms:Decrypt", Action] }])).toBe(expected);
  });

  test.each([
    ["*", true],
    [key, true],
    ["acs:kms:*:*:key/*", true],
    ["acs:kms:local:0:key/key-?", true],
    ["acs:kms:local:0:key/KEY-1", false],
    ["acs:kms:local:1:key/key-1", false],
    ["acs:kms:local:0:key", false],
    ["acs:kms:local:0:alias/*", false],
  ])("the resource %s", (Resource, expected) => {
    expect(allowed([{ ...allow, Resource }])).toBe(expected);
  });

  test("a key that is named by its alias may be allowed, or denied, by either name", () => {
    const access = { ...encrypt, resources: [key, "acs:kms:local:0:alias/orders"] };
    const byAlias = { ...allow, Resource: "acs:kms:local:0:alias/orders" };
    expect(allowed([byAlias], access)).toBe(true);
    expect(allowed([byAlias], encrypt)).toBe(false);
    expect(allowed([allow, { ...byAlias, Effect: "Deny" }], access)).toBe(false);
  });
});

describe("conditions", () => {
  const when = (Condition: object) => [{ ...allow, Condition }];

  test.each<[string, object, boolean]>([
    ["an equal string", { StringEquals: { "kms:tag/Project": "orders" } }, true],
    ["another string", { StringEquals: { "kms:tag/Project": "Orders" } }, false],
    ["one of several strings", { StringEquals: { "kms:tag/Project": ["x", "orders"] } }, true],
    ["a tag that the key lacks", { StringLike: { "kms:tag/Stage": "*" } }, false],
    ["a like string", { StringLike: { "kms:EncryptionContext:tenant": "4?" } }, true],
    ["a context that the request lacks", { StringEquals: { "kms:EncryptionContext:user": "42" } }, false],
    ["a name that every object has", { StringLike: { "kms:EncryptionContext:constructor": "*" } }, false],
    ["the range of the address", { IpAddress: { "acs:SourceIp": "10.0.0.0/8" } }, true],
    ["the address", { IpAddress: { "acs:SourceIp": ["::1", "10.1.2.3"] } }, true],
    ["another range", { IpAddress: { "acs:SourceIp": "10.1.2.4/31" } }, false],
    ["a later date", { DateLessThan: { "acs:CurrentTime": "2026-06-02T00:00:00Z" } }, true],
    ["the date itself", { DateLessThan: { "acs:CurrentTime": "2026-06-01T00:00:00Z" } }, false],
    ["a date with an offset", { DateLessThan: { "acs:CurrentTime": "2026-06-01T01:00:00+02:00" } }, false],
    ["a secure transport", { Bool: { "acs:SecureTransport": "true" } }, true],
    ["an insecure transport", { Bool: { "acs:SecureTransport": false } }, false],
    ["two that hold", { Bool: { "acs:SecureTransport": true }, StringEquals: { "kms:tag/Project": "orders" } }, true],
    ["one of two", { Bool: { "acs:SecureTransport": true }, StringEquals: { "kms:tag/Project": "no" } }, false],
    ["two keys, one wrong", { StringEquals: { "kms:tag/Project": "orders", "acs:SourceIp": "1.1.1.1" } }, false],
  ])("%s", (_, condition, expected) => {
    expect(allowed(when(condition))).toBe(expected);
  });

  test("addresses of IPv6, and of IPv4 over an IPv6 socket", () => {
    const range = when({ IpAddress: { "acs:SourceIp": ["2001:db8::/32", "10.0.0.0/8"] } });
    expect(allowed(range, encrypt, { sourceIp: "2001:db8:1::1" })).toBe(true);
    expect(allowed(range, encrypt, { sourceIp: "2001:db9::1" })).toBe(false);
    expect(allowed(range, encrypt, { sourceIp: "::ffff:10.0.0.1" })).toBe(true);
    expect(allowed(range, encrypt, { sourceIp: "" })).toBe(false);
    expect(plainAddress("fe80::1%eth0")).toBe("fe80::1");
  });

  test("a policy says whether it asks for tags", () => {
    expect(asksForTags(policyOf(allow))).toBe(false);
    expect(asksForTags(policyOf(...when({ StringEquals: { "kms:tag/a": "b" } })))).toBe(true);
  });
});

describe("policies that are wrong are refused, naming what is", () => {
  test.each<[string, unknown, string]>([
    ["no JSON", "{", "The policy must be JSON"],
    ["a list", "[]", "The policy must be a JSON object"],
    ["another version", { Version: "2", Statement: [allow] }, 'Version of the policy must be "1"'],
    ["no statement", { Version: "1", Statement: [] }, "Statement of the policy must be a list of 1 to 100"],
    [
      "a misspelt element",
      { Version: "1", Statment: [allow] },
      'unknown element "Statment". Did you mean "Statement"?',
    ],
    ["NotAction", { Version: "1", Statement: [{ ...allow, NotAction: "x" }] }, 'unknown element "NotAction"'],
    [
      "an effect",
      { Version: "1", Statement: [{ ...allow, Effect: "allow" }] },
      'Effect of the policy must be "Allow" or',
    ],
    ["no action", { Version: "1", Statement: [{ ...allow, Action: [] }] }, "Action of the policy must be a string, or"],
    [
      "another service",
      { Version: "1", Statement: [{ ...allow, Action: "oss:*" }] },
      'Action of the policy must be "kms:"',
    ],
    ["a bare key", { Version: "1", Statement: [{ ...allow, Resource: "key-1" }] }, "Resource of the policy must be"],
    ["an operator", { Version: "1", Statement: [{ ...allow, Condition: { StringNotEquals: {} } }] }, "unknown element"],
    [
      "a key that the operator does not take",
      { Version: "1", Statement: [{ ...allow, Condition: { Bool: { "acs:SourceIp": "true" } } }] },
      "must be a condition key that this operator takes",
    ],
    [
      "a range",
      { Version: "1", Statement: [{ ...allow, Condition: { IpAddress: { "acs:SourceIp": "10.0.0.0/33" } } }] },
      "must be an address or a range",
    ],
    [
      "a date",
      { Version: "1", Statement: [{ ...allow, Condition: { DateLessThan: { "acs:CurrentTime": "tomorrow" } } }] },
      "must be a time such as",
    ],
    [
      "too long",
      JSON.stringify({ Version: "1", Statement: [{ ...allow, Action: "k".repeat(33_000) }] }),
      "at most 32768",
    ],
  ])("%s", (_, policy, reason) => {
    expect(() => readPolicy(typeof policy === "string" ? policy : JSON.stringify(policy))).toThrow(reason);
  });
});

describe("wildcards", () => {
  test("agree with the regular expression of the same meaning", () => {
    const letters = fc.array(fc.constantFrom("a", "b", "*", "?"), { maxLength: 8 }).map((all) => all.join(""));
    const plain = fc.array(fc.constantFrom("a", "b", "."), { maxLength: 10 }).map((all) => all.join(""));
    fc.assert(
      fc.property(letters, plain, (pattern, subject) => {
        const expected = new RegExp(`^${pattern.replaceAll("*", "[^]*").replaceAll("?", "[^]")}$`).test(subject);
        expect(matchesWildcard(pattern, subject)).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  test("a pattern that would make a regular expression hang answers", () => {
    expect(matchesWildcard(`${"a*".repeat(200)}b`, "a".repeat(5_000))).toBe(false);
  });
});
