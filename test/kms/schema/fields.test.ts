import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import { fromBase64, toBase64 } from "../../../src/kms/schema/base64.ts";
import { bytes } from "../../../src/kms/schema/bytes.ts";
import { context } from "../../../src/kms/schema/context.ts";
import { parseJson } from "../../../src/kms/schema/json-text.ts";
import { listOf, listOfStrings } from "../../../src/kms/schema/list.ts";
import { boolean, date, integer } from "../../../src/kms/schema/scalars.ts";
import { fields } from "../../../src/kms/schema/schema.ts";
import { string } from "../../../src/kms/schema/text.ts";

// One field at a time: what it reads from a caller, from a parameter and from an answer.

const invalid = expect.objectContaining({ code: "InvalidParameter" });
const parts = (text: string) => new Map(text.split("&").map((pair) => pair.split("=") as [string, string]));

test("whole numbers are at most 15 digits in a parameter, and safe in an answer", () => {
  const field = integer([0, 10]);
  for (const [text, value] of [
    ["5", 5],
    ["-5", -5],
    ["007", 7],
    ["999999999999999", 999_999_999_999_999],
  ] as const) {
    expect(field.fromText(text, "P")).toBe(value);
  }
  for (const text of ["", " 5", "5 ", "5\n", "+5", "1e3", "5.0", "x5", "1000000000000000"]) {
    expect(() => field.fromText(text, "P"), text).toThrow(invalid);
  }
  expect([field.fromJson(5), field.toText(5, "P"), field.toJson(5, {})]).toEqual([5, "5", 5]);
  for (const json of ["5", 5.5, 2 ** 53, null]) expect(() => field.fromJson(json)).toThrow("a whole number");
  expect([field.limits, integer().limits]).toEqual(["0 to 10", "from 0"]);
});

test("truth values are true and false, in a parameter in any case", () => {
  const field = boolean();
  expect(["true", "True", "TRUE"].map((text) => field.fromText(text, "P"))).toEqual([true, true, true]);
  expect(["false", "False"].map((text) => field.fromText(text, "P"))).toEqual([false, false]);
  for (const text of ["", "1", "yes", "true ", " false", "untrue", "falsehood"]) {
    expect(() => field.fromText(text, "P"), text).toThrow(invalid);
  }
  for (const json of ["true", 1, null]) expect(() => field.fromJson(json)).toThrow("true or false");
  expect([field.fromJson(true), field.fromJson(false), field.toText(false, "P")]).toEqual([true, false, "false"]);
});

test("dates are in UTC, written to the second and read to the millisecond", () => {
  const field = date();
  const at = new Date(Date.UTC(2021, 4, 20, 6, 34, 21, 987));
  expect(field.toJson(at, {})).toBe("2021-05-20T06:34:21Z");
  expect(field.fromJson("2021-05-20T06:34:21.987Z")).toEqual(at);
  expect(field.fromJson("2021-05-20T06:34:21.9Z").getUTCMilliseconds()).toBe(900);
  const wrong = ["", "2021-05-20", "2021-05-20T06:34:21", "2021-05-20T06:34:21+00:00", "2021-05-20T06:34Z"];
  for (const json of [
    ...wrong,
    "2021-13-20T06:34:21Z",
    "x2021-05-20T06:34:21Z",
    "2021-05-20T06:34:21.1234Z",
    5,
    null,
  ]) {
    expect(() => field.fromJson(json), String(json)).toThrow("a date");
  }
});

test("bytes have a limit, and a remedy where there is one", () => {
  const field = bytes({ most: 4, remedy: "use an envelope" });
  expect(field.read(new Uint8Array(4), "P")).toHaveLength(4);
  expect(() => field.read(new Uint8Array(5), "P")).toThrow("It may have 4 bytes; use an envelope.");
  expect(() => bytes({ most: 4 }).read(new Uint8Array(5), "P")).toThrow("It may have 4 bytes.");
  expect(bytes().read(new Uint8Array(5), "P")).toHaveLength(5);
  expect([field.limits, bytes().limits, bytes({ lengths: "256 bytes" }).limits]).toEqual([
    ...["at most 4 bytes", undefined, "256 bytes"],
  ]);
});

describe("Base64", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  test("has one form for each value", () => {
    for (const [text, value] of [
      ["", []],
      ["AA==", [0]],
      ["AAE=", [0, 1]],
      ["AAEC", [0, 1, 2]],
      ["+/+/", [251, 255, 191]],
    ] as const) {
      expect([toBase64(Uint8Array.from(value)), [...(fromBase64(text) ?? [-1])]]).toEqual([text, [...value]]);
    }
    for (const text of ["A", "AA", "AA=", "AB==", "AAF=", "A===", "AA==\n", " AA==", "-_-_", "AAEC=", "AA==AA=="]) {
      expect(fromBase64(text), text).toBeUndefined();
    }
  });

  test("is the same in a page, for more than one call's arguments too", async () => {
    const lengths = [0, 1, 2, 3, 12_287, 12_288, 12_289, 40_000];
    const values = lengths.map((length) => new Uint8Array(randomBytes(length)));
    const expected = values.map((value) => Buffer.from(value).toString("base64"));
    vi.resetModules();
    vi.stubGlobal("process", { ...process, getBuiltinModule: undefined });
    const page = await import("../../../src/kms/schema/base64.ts");
    const [made, read] = [values.map((value) => page.toBase64(value)), expected.map((text) => page.fromBase64(text))];
    vi.unstubAllGlobals();
    expect(made).toEqual(expected);
    expect(read).toEqual(values);
    expect(values.map((value) => toBase64(value))).toEqual(expected);
    // Bytes in the middle of a larger memory.
    expect(toBase64((values[3] ?? new Uint8Array()).subarray(1))).toBe(
      Buffer.from(values[3] ?? [])
        .subarray(1)
        .toString("base64"),
    );
  });
});

test("JSON has no name twice in any object, and may have it in two", () => {
  const good = [
    '{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}',
    '["a","a"]',
    '{"a":"b","b":"a"}',
    '{"a":"{\\"a\\":1}"}',
    '"a"',
    '{"\\"":":"}',
  ];
  for (const json of good) expect(parseJson(json, "P")).toEqual(JSON.parse(json));
  const twice = [
    '{"a":1,"a":1}',
    '{"a":{"b":1,"b":2}}',
    '[{"a":1,"a":2}]',
    '{"a":1,"b":[],"a":2}',
    '{"b":{},"a":1,"\\u0061":2}',
    '{"":1,"":2}',
  ];
  for (const json of twice) expect(() => parseJson(json, "P"), json).toThrow("a name twice");
  for (const text of ["", "{", "a", "{a:1}"]) expect(() => parseJson(text, "P")).toThrow("It must be JSON.");
});

describe("an encryption context in parts", () => {
  const field = context();
  const read = (text: string) => field.fromParts?.(parts(text), "EncryptionContext");

  test("has names of its own, or numbered pairs in any order", () => {
    expect(read("tenant=42&1.Key=x")).toEqual({ tenant: "42", "1.Key": "x" });
    expect(read("2.Value=b&1.Key=k&2.Key=l&1.Value=a")).toEqual({ k: "a", l: "b" });
  });

  test("whose pairs are not complete from 1 has the names that it has", () => {
    for (const text of [
      "1.Key=a",
      "1.Value=a",
      "2.Key=a&2.Value=b",
      "0.Key=a&0.Value=b",
      "01.Key=a&01.Value=b",
      "1.Key=a&2.Value=b",
    ]) {
      expect(read(text), text).toEqual(Object.fromEntries(parts(text)));
    }
    expect(read("1.Key=a&1.Value=b&3.Key=c&3.Value=d")).toEqual({
      "1.Key": "a",
      "1.Value": "b",
      "3.Key": "c",
      "3.Value": "d",
    });
    expect(read("1.Key=a&1.Value=b&2.Key=c")).toEqual({ "1.Key": "a", "1.Value": "b", "2.Key": "c" });
    expect(() => read("1.Key=a&1.Value=b&2.Key=a&2.Value=c")).toThrow("a key twice");
  });

  test("is text as JSON, and no part of an answer", () => {
    expect(field.toText({ b: "2", a: "1" }, "P")).toBe('{"b":"2","a":"1"}');
    expect(field.fromText('{"a":"1"}', "P")).toEqual({ a: "1" });
    for (const text of ["null", "5", '"a"', "[]", '{"a":null}'])
      expect(() => field.fromText(text, "P")).toThrow(invalid);
    expect(() => field.fromJson({ a: "1" })).toThrow(TypeError);
  });
});

describe("a list", () => {
  const names = listOfStrings({ most: 2, item: "Name" });
  const pairs = listOf(fields<{ a: string; b: string }>()({ a: string(), b: string() }), {
    ...{ most: 2, item: "Pair", tooMany: (most) => new RangeError(`at most ${most}`) },
    check: (items) => {
      if (items.some(({ a }) => a === "bad")) throw new RangeError("bad");
    },
  });
  const one = { a: "1", b: "2" };

  test("is an array of its elements, no more than there may be", () => {
    expect(names.read(["x", "y"], "P")).toEqual(["x", "y"]);
    expect(pairs.read([one], "P")).toEqual([one]);
    for (const value of [["x", "y", "z"], "x", { 0: "x", length: 1 }, [1], [null], [undefined]]) {
      expect(() => names.read(value, "P")).toThrow(invalid);
    }
    expect(() => pairs.read([one, one, one], "P")).toThrow("at most 2");
    expect(() => pairs.read([{ ...one, a: "bad" }], "P")).toThrow("bad");
    for (const value of [["x"], [null], [{ a: "1" }], [{ ...one, c: "3" }], [{ a: 1, b: "2" }], 5]) {
      expect(() => pairs.read(value, "P")).toThrow(invalid);
    }
  });

  test("comes as JSON", () => {
    expect(names.fromText('["x"]', "P")).toEqual(["x"]);
    expect(names.toText(["x", "y"], "P")).toBe('["x","y"]');
    expect(pairs.fromText('[{"A":"1","B":"2"}]', "P")).toEqual([one]);
    expect(pairs.toText([one], "P")).toBe('[{"A":"1","B":"2"}]');
    for (const text of ["{}", '"x"', "[1]", "[null]", "null", "["])
      expect(() => names.fromText(text, "P"), text).toThrow(invalid);
    for (const text of ['["x"]', '[{"A":"1"}]', '[{"A":1,"B":"2"}]', "[[]]"]) {
      expect(() => pairs.fromText(text, "P"), text).toThrow(invalid);
    }
  });

  test("comes in numbered parts, none left out", () => {
    expect(names.fromParts?.(parts("2=y&1=x"), "P")).toEqual(["x", "y"]);
    expect(pairs.fromParts?.(parts("1.B=2&1.A=1"), "P")).toEqual([one]);
    for (const text of ["2=x", "0=x", "01=x", "x=1", "1=x&3=y", "1.A=x", "=x", "1000000=x"]) {
      expect(() => names.fromParts?.(parts(text), "P"), text).toThrow(invalid);
    }
    for (const text of ["1.C=x", "1=x", "1.A.B=x"]) {
      const given = () => pairs.read(pairs.fromParts?.(parts(text), "P"), "P");
      expect(given, text).toThrow(expect.objectContaining({ code: "InvalidParameter" }));
    }
  });

  test("is wrapped in an answer by the name of one", () => {
    expect([names.toJson(["x"], {}), names.fromJson({ Name: ["x"] })]).toEqual([{ Name: ["x"] }, ["x"]]);
    expect(listOfStrings({ most: 2 }).toJson(["x"], {})).toEqual(["x"]);
    expect(listOfStrings({ most: 2 }).fromJson(["x"])).toEqual(["x"]);
    for (const json of [["x"], null, {}, { Name: "x" }, { Name: [1] }, "x"])
      expect(() => names.fromJson(json)).toThrow(TypeError);
  });
});
