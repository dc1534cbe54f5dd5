import { describe, expect, test } from "vitest";
import {
  elements,
  freeText,
  optionalBoolean,
  optionalChoice,
  requiredBoolean,
  requiredBytes,
  requiredInteger,
  requiredInterval,
} from "../../../src/kms/wire/request-fields.ts";

const missing = expect.objectContaining({ code: "MissingParameter" });
const invalid = expect.objectContaining({ code: "InvalidParameter" });
const ABSENT = [undefined, null];

test("a whole number is between its limits, both included", () => {
  const read = (value: unknown) => requiredInteger(value, "Length", [2, 5]);
  expect([2, 3, 5].map(read)).toEqual([2, 3, 5]);
  for (const value of ABSENT) expect(() => read(value)).toThrow(missing);
  for (const value of [1, 6, 2.5, Number.NaN, "3", 3n, true, [3]]) expect(() => read(value)).toThrow(invalid);
});

test("a truth value is true or false, and false when absent only where it may be", () => {
  for (const value of [true, false]) {
    expect(optionalBoolean(value, "DryRun")).toBe(value);
    expect(requiredBoolean(value, "DryRun")).toBe(value);
  }
  for (const value of ABSENT) {
    expect(optionalBoolean(value, "DryRun")).toBe(false);
    expect(() => requiredBoolean(value, "DryRun")).toThrow(missing);
  }
  for (const value of ["true", 0, 1, {}]) {
    expect(() => optionalBoolean(value, "DryRun")).toThrow(invalid);
    expect(() => requiredBoolean(value, "DryRun")).toThrow(invalid);
  }
});

test("a choice is one of the words as they are spelt", () => {
  const read = (value: unknown) => optionalChoice(value, "Origin", ["Aliyun_KMS", "EXTERNAL"]);
  expect(["Aliyun_KMS", "EXTERNAL"].map(read)).toEqual(["Aliyun_KMS", "EXTERNAL"]);
  for (const value of ABSENT) expect(read(value)).toBeUndefined();
  for (const value of ["", "external", "EXTERNAL ", 0, ["EXTERNAL"]]) expect(() => read(value)).toThrow(invalid);
  expect(() => read("x")).toThrow("Aliyun_KMS, EXTERNAL");
});

test("the elements of a list are those of an array that is not too long, holes included", () => {
  expect(elements(["a", "b"], 2)).toEqual(["a", "b"]);
  expect(elements([], 0)).toEqual([]);
  expect(elements(Object.assign(new Array(2), { 1: "b" }), 2)).toStrictEqual([undefined, "b"]);
  expect(elements(["a", "b"], 1)).toBeUndefined();
  for (const value of [undefined, null, "ab", { length: 1, 0: "a" }, new Set(["a"])]) {
    expect(elements(value, 2)).toBeUndefined();
  }
});

test("free text is well-formed Unicode without NUL, and not too long", () => {
  const read = (value: unknown) => freeText(value, "Description", 4);
  for (const text of ["", "abcd", "é\u{1f600}", "\n"]) expect(read(text)).toBe(text);
  for (const value of ABSENT) expect(read(value)).toBe("");
  for (const value of ["abcde", "a\0", "\ud800", "\udc00a", 1, {}, ["a"]]) expect(() => read(value)).toThrow(invalid);
});

describe("bytes", () => {
  test("are a Uint8Array, of which the same bytes are read", () => {
    const bytes = Uint8Array.of(1, 2, 3);
    expect(requiredBytes(bytes, "Plaintext")).toEqual(bytes);
    expect(requiredBytes(bytes.subarray(1), "Plaintext")).toEqual(Uint8Array.of(2, 3));
    expect(requiredBytes(new Uint8Array(), "Plaintext")).toHaveLength(0);
  });

  test("that are absent, of another type, or of a detached buffer are refused by name", () => {
    for (const value of ABSENT) expect(() => requiredBytes(value, "Plaintext")).toThrow(missing);
    for (const value of ["abc", [1], new ArrayBuffer(1), new Uint16Array(1), {}]) {
      expect(() => requiredBytes(value, "Plaintext")).toThrow(invalid);
      expect(() => requiredBytes(value, "Plaintext")).toThrow("must be a Uint8Array");
    }
    const detached = new Uint8Array(4);
    structuredClone(detached, { transfer: [detached.buffer] });
    expect(() => requiredBytes(detached, "Plaintext")).toThrow(invalid);
    expect(() => requiredBytes(detached, "Plaintext")).toThrow("detached");
  });
});

describe("an interval", () => {
  const week = 604_800;
  const read = (value: unknown) => requiredInterval(value, "RotationInterval", [week, 2 * week]);

  test("is a whole number of days, hours, minutes or seconds", () => {
    for (const text of ["7d", "168h", "10080m", "604800s"]) expect(read(text)).toBe(week);
    expect(read("14d")).toBe(2 * week);
    expect(read("1209599s")).toBe(2 * week - 1);
  });

  test("has a unit, limits, and nothing around it", () => {
    for (const value of ABSENT) expect(() => read(value)).toThrow(missing);
    const wrong = ["", "7", "d", "7w", " 7d", "7d ", "7d\n", "x7d", "-7d", "7.0d", "0x7d", "07000000000d", "7D"];
    for (const value of [...wrong, "604799s", "1209601s", "15d", "6d", 604_800, ["7d"]]) {
      expect(() => read(value), String(value)).toThrow(invalid);
    }
    expect(read("0000000007d")).toBe(week);
  });
});
