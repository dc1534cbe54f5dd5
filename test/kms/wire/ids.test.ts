import { describe, expect, test } from "vitest";
import {
  aliasArn,
  isKeyId,
  isVersionId,
  keyArn,
  keyIdOnly,
  keyReference,
  newAliasName,
  newKeyId,
  newTokenId,
  newVersionId,
  requiredString,
} from "../../../src/kms/wire/ids.ts";

const realm = { regionId: "local", accountId: "0" };
const failing = (code: string) => expect.objectContaining({ code });
const KEY = "key-llk0123456789abcdefgh";
const longAlias = (length: number) => `alias/${"a".repeat(length)}`;

describe("new ids", () => {
  test("have the service's forms and lengths", () => {
    expect(newKeyId()).toMatch(/^key-llk[0-9a-z]{18}$/);
    expect(newVersionId(KEY)).toMatch(new RegExp(`^${KEY}-[0-9a-z]{10}$`));
    expect(newTokenId()).toMatch(/^[0-9a-z]{36}$/);
  });

  test("of versions are 36 characters for a key id of any length, and begin with it as far as 25 go", () => {
    for (const length of [1, 24, 25, 26, 64]) {
      const keyId = "0123456789".repeat(7).slice(0, length);
      const versionId = newVersionId(keyId);
      expect(versionId).toHaveLength(36);
      expect(versionId.slice(0, Math.min(length, 25) + 1)).toBe(`${keyId.slice(0, 25)}-`);
      expect(isVersionId(versionId)).toBe(true);
    }
  });

  test("draw every letter and digit, and none twice as often", () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 1_000; i++) for (const one of newTokenId()) counts.set(one, (counts.get(one) ?? 0) + 1);
    expect([...counts.keys()].sort().join("")).toBe("0123456789abcdefghijklmnopqrstuvwxyz");
    // 1,000 of each are expected, with a standard deviation of 31.
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(250);
  });
});

test("an id of a key is 1 to 64 characters of [0-9a-z-], and begins with none of the hyphens", () => {
  for (const good of ["a", "0", "a-", "a".repeat(64)]) expect(isKeyId(good)).toBe(true);
  for (const bad of ["", "-a", "A", "a_b", "a\n", " a", "a".repeat(65)]) expect(isKeyId(bad)).toBe(false);
});

test("an id of a version is 36 characters of [0-9a-z-]", () => {
  for (const good of ["a".repeat(36), `0${"-".repeat(35)}`]) expect(isVersionId(good)).toBe(true);
  for (const bad of ["a".repeat(35), "a".repeat(37), `-${"a".repeat(35)}`, "A".repeat(36)]) {
    expect(isVersionId(bad)).toBe(false);
  }
});

test("a missing string and a value that is not a string have their own errors", () => {
  for (const absent of [undefined, null])
    expect(() => requiredString(absent, "KeyId")).toThrow(failing("MissingParameter"));
  for (const wrong of [1, {}, ["a"], true]) {
    expect(() => requiredString(wrong, "KeyId")).toThrow(failing("InvalidParameter"));
  }
  expect(requiredString("", "KeyId")).toBe("");
});

describe("a KeyId", () => {
  test("is a key's id, an alias, or the ARN of either", () => {
    expect(keyReference(KEY, realm)).toEqual({ keyId: KEY });
    expect(keyReference(keyArn(realm, KEY), realm)).toEqual({ keyId: KEY });
    expect(keyReference("alias/a", realm)).toEqual({ aliasName: "alias/a" });
    expect(keyReference(aliasArn(realm, "alias/a"), realm)).toEqual({ aliasName: "alias/a" });
    expect(keyReference(longAlias(255), realm)).toEqual({ aliasName: longAlias(255) });
  });

  test("that can name no key is not found", () => {
    const other = { ...realm, accountId: "1" };
    const wrong = [
      ...["", "K", "key/a", "alias/", "alias/a b", "alias/a\n", "a alias/a", longAlias(256)],
      ...[keyArn(other, KEY), aliasArn(other, "alias/a"), aliasArn(realm, KEY), aliasArn(realm, "")],
      ...[aliasArn(realm, `xalias/a`), `x${keyArn(realm, KEY)}`, keyArn(realm, "")],
    ];
    for (const text of wrong) expect(() => keyReference(text, realm), text).toThrow(failing("Forbidden.KeyNotFound"));
  });

  test("is no alias where the service takes none", () => {
    expect(keyIdOnly(KEY, realm)).toBe(KEY);
    expect(keyIdOnly(keyArn(realm, KEY), realm)).toBe(KEY);
    for (const alias of ["alias/a", "alias/", aliasArn(realm, "alias/a"), longAlias(256)]) {
      expect(() => keyIdOnly(alias, realm)).toThrow(failing("Unsupported.Alias"));
    }
    for (const text of ["", "K", keyArn({ ...realm, regionId: "x" }, KEY)]) {
      expect(() => keyIdOnly(text, realm)).toThrow(failing("Forbidden.KeyNotFound"));
    }
  });
});

test("a new alias is alias/ and 1 to 255 of [A-Za-z0-9_/-], and none of the service's own", () => {
  for (const good of ["alias/a", "alias/Az09_/-", "alias/ac", "alias/xacs", longAlias(255)]) {
    expect(newAliasName(good)).toBe(good);
  }
  for (const bad of ["", "alias", "alias/", "a", "Alias/a", "xalias/a", "alias/a b", "alias/a\n", longAlias(256)]) {
    expect(() => newAliasName(bad), bad).toThrow(failing("InvalidParameter"));
  }
  for (const own of ["alias/acs", "alias/acs/oss"]) expect(() => newAliasName(own)).toThrow(/reserved/);
});
