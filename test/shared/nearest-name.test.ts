import { describe, expect, test } from "vitest";
import { checkNames } from "../../src/shared/known-names.ts";
import { nearestName } from "../../src/shared/nearest-name.ts";

const known = ["keyId", "encryptionContext", "segmentSize", "backend", "workers", "cache", "allowedKeyIds"];

describe("nearestName", () => {
  test.each([
    ["context", "encryptionContext"],
    ["EncryptionContext", "encryptionContext"],
    ["encryption_context", "encryptionContext"],
    ["encryptionContxet", "encryptionContext"],
    ["keyid", "keyId"],
    ["KeyId", "keyId"],
    ["key", "keyId"],
    ["worker", "workers"],
    ["wrokers", "workers"],
    ["back-end", "backend"],
    ["allowedKeyId", "allowedKeyIds"],
    ["segementSize", "segmentSize"],
  ])("%s is close to %s", (name, nearest) => {
    expect(nearestName(name, known)).toBe(nearest);
  });

  test.each(["", "zzz", "tagLength", "x".repeat(100), "__proto__", "💥"])("nothing is close to %s", (name) => {
    expect(nearestName(name, known)).toBeUndefined();
  });

  test("an abbreviation and what it stands for are close", () => {
    expect(nearestName("additionalData", ["aad", "into"])).toBe("aad");
    expect(nearestName("additional_authenticated_data", ["into", "aad"])).toBe("aad");
    expect(nearestName("aad", ["associatedData"])).toBe("associatedData");
    expect(nearestName("data", ["aad"])).toBeUndefined();
  });

  test("of two that are as close, the first", () => {
    expect(nearestName("sealx", ["seals", "sealy"])).toBe("seals");
  });
});

describe("checkNames", () => {
  const refused = (options: object) => {
    try {
      checkNames(options, known, "envelope()");
    } catch (error) {
      return error;
    }
    return undefined;
  };

  test("lets every known name pass, whatever its value", () => {
    expect(refused(Object.fromEntries(known.map((name) => [name, undefined])))).toBeUndefined();
    expect(refused(Object.create(null, { keyId: { value: 1, enumerable: true } }))).toBeUndefined();
  });

  test("names the unknown one and the nearest", () => {
    expect(refused({ keyId: "a", context: {} })).toMatchObject({
      code: "ERR_ARGUMENT",
      message: 'envelope() has no option "context": did you mean "encryptionContext"?',
    });
    expect(refused({ zzz: 1 })).toMatchObject({ message: expect.stringContaining("it has keyId, encryptionContext,") });
  });

  test.each([
    ["undefined as its value", { context: undefined }],
    ["inherited from the caller's own object", Object.create({ context: {} })],
    ["__proto__ as a name", JSON.parse('{"__proto__": {}}')],
    ["constructor", { constructor: 1 }],
  ])("refuses one with %s", (_, options) => {
    expect(refused(options)).toMatchObject({ code: "ERR_ARGUMENT" });
  });

  test("a name that somebody put on Object.prototype is not the caller's", () => {
    Object.defineProperty(Object.prototype, "polluted", {
      value: 1,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    try {
      expect(refused({ keyId: "a" })).toBeUndefined();
    } finally {
      Reflect.deleteProperty(Object.prototype, "polluted");
    }
  });
});
