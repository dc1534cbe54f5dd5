import { describe, expect, test } from "vitest";
import { createKey, encrypt, tagResource, untagResource } from "../../../src/kms/operations/index.ts";
import { bytes, plaintext } from "../../../src/kms/schema/bytes.ts";
import { decode, encode, encodeRequest } from "../../../src/kms/schema/codec.ts";
import { optional, withDefault } from "../../../src/kms/schema/field.ts";
import { listOf, listOfStrings, recordToJson } from "../../../src/kms/schema/list.ts";
import { integer } from "../../../src/kms/schema/scalars.ts";
import { fields, nothing, unknownField } from "../../../src/kms/schema/schema.ts";
import { string } from "../../../src/kms/schema/text.ts";

// Fields are made within each test, as operations make theirs.

const invalid = (text: string) =>
  expect.objectContaining({ code: "InvalidParameter", message: expect.stringContaining(text) });
const missing = (text: string) =>
  expect.objectContaining({ code: "MissingParameter", message: expect.stringContaining(text) });
const parts = (entries: Record<string, string>) => new Map(Object.entries(entries));

interface Small {
  readonly name: string;
  readonly size?: number | undefined;
  readonly note?: string | undefined;
}
const small = () =>
  fields<Small>()({ name: string(), size: withDefault(integer([0, 9]), 5), note: optional(string()) });
class Request {
  readonly [name: string]: unknown;
  constructor(given: object) {
    Object.assign(this, given);
  }
}

describe("a request, be it a literal or of a class,", () => {
  const forms = [
    ["literal", (given: object) => ({ ...given })],
    ["bare", (given: object) => Object.assign(Object.create(null), given)],
    ["class", (given: object) => new Request(given)],
  ] as const;

  test.each(forms)("has its defaults where a field is absent, undefined or null (%s)", (_, form) => {
    const { read } = small();
    for (const given of [
      { name: "a" },
      { name: "a", size: undefined, note: undefined },
      { name: "a", size: null, note: null },
    ]) {
      expect(read(form(given))).toEqual({ name: "a", size: 5, note: undefined });
    }
    expect(read(form({ note: "n", size: 0, name: "a" }))).toEqual({ name: "a", size: 0, note: "n" });
  });

  test.each(forms)("has no field that is not known, and every one that is required (%s)", (_, form) => {
    const { read } = small();
    expect(() => read(form({ name: "a", surprise: 1 }))).toThrow(invalid("There is no such field"));
    expect(() => read(form({ name: "a", toString: 1 }))).toThrow(invalid('"toString"'));
    for (const given of [{}, { name: undefined }, { name: null }, { size: 1 }]) {
      expect(() => read(form(given))).toThrow(missing('"Name"'));
    }
  });

  test("is an object", () => {
    const { read } = small();
    for (const given of [null, undefined, 5, "name"]) expect(() => read(given as never)).toThrow(missing("Request"));
  });

  test("does not answer for what somebody put on every object", () => {
    const { read, entries } = small();
    const polluted = Object.prototype as Record<string, unknown>;
    polluted.surprise = 1;
    try {
      expect(read({ name: "a" })).toMatchObject({ name: "a", size: 5 });
      expect(read(new Request({ name: "a" }) as never)).toMatchObject({ name: "a", size: 5 });
      const own = JSON.parse('{"name":"a","surprise":1}');
      expect(() => read(own)).toThrow(invalid('"surprise"'));
      expect(entries.map(({ parameter }) => parameter)).toEqual(["Name", "Size", "Note"]);
    } finally {
      delete polluted.surprise;
    }
  });
});

test("an unknown name gets the nearest there is, or all there are, or that there are none", () => {
  expect(unknownField("nme", ["name", "size"]).message).toMatch(/did you mean "name"\?$/);
  expect(unknownField("xyzzy", ["name", "size"]).message).toMatch(/there are name, size\.$/);
  expect(unknownField("xyzzy", []).message).toMatch(/there are none\.$/);
});

describe("bytes", () => {
  test("are Base64 text in a parameter and an answer, and no number that reads like it", () => {
    const [field, text] = [bytes(), plaintext()];
    expect(field.toText(Uint8Array.of(1, 2), "P")).toBe("AQI=");
    for (const one of [field, text]) {
      expect(one.fromJson("AQI=")).toEqual(Uint8Array.of(1, 2));
      for (const json of [1234, ["AQI="], null, true, "AQI", "AQI=x", "AQJ=", "A"]) {
        expect(() => one.fromJson(json)).toThrow("Base64");
      }
    }
    for (const wrong of ["AQI", "AQI=AQI=", "x AQI=", "A", "AQJ=", "AB=="]) {
      expect(() => field.fromText(wrong, "P"), wrong).toThrow(invalid("Base64"));
    }
  });
});

describe("lists", () => {
  test("in parts are numbered, and a part has nothing behind its number but its name", () => {
    const field = listOfStrings({ most: 5 });
    expect(field.fromParts?.(parts({ "2": "b", "1": "a" }), "P")).toEqual(["a", "b"]);
    for (const wrong of [{ "1x": "a" }, { "0": "a" }, { "01": "a" }, { x: "a" }, { "1": "a", "3": "c" }, { "": "a" }]) {
      expect(() => field.fromParts?.(parts(wrong), "P")).toThrow(invalid("numbered"));
    }
    for (const wrong of [{ "1": "a", "1.x": "b" }, { "1.x": "b" }]) {
      expect(() => field.fromParts?.(parts(wrong), "P")).toThrow(invalid("array"));
    }
  });

  test("of records say what is wrong with one, and which form they have where a part is missing", () => {
    const field = listOf(small() as never, { most: 5 });
    const read = (value: unknown) => () => field.read(value, "P");
    expect(read([{ name: "a" }])()).toEqual([{ name: "a", size: 5, note: undefined }]);
    expect(read([{ name: "a", size: 10 }])).toThrow(invalid('"Size"'));
    for (const wrong of [[{ size: 1 }], [null], [5]])
      expect(read(wrong)).toThrow(invalid("array of { name, size, note }"));
    expect(field.required).toBe(true);
    for (const wrong of [{}, "name", new Array(6).fill({ name: "a" })])
      expect(read(wrong)).toThrow(invalid("at most 5"));
  });

  test("that are required are missed", () => {
    expect(() => tagResource.request.read({ keyId: "key-a" } as never)).toThrow(missing("Tags"));
    expect(() => untagResource.request.read({ keyId: "key-a" } as never)).toThrow(missing("TagKeys"));
  });
});

describe("over HTTP", () => {
  const pairs = (text: string) => new URLSearchParams(text);

  test("a parameter in parts is one that an operation has, by its name and a dot", () => {
    expect(decode(createKey, pairs("Tag.1.TagKey=a&Tag.1.TagValue=b"))).toMatchObject({
      tags: [{ tagKey: "a", tagValue: "b" }],
    });
    for (const wrong of ["Tag=x", "Surprise.1=x", "Surprise.1.TagKey=a", "Tags.=x&Surprise=1"]) {
      expect(() => decode(createKey, pairs(wrong)), wrong).toThrow(
        expect.objectContaining({ code: "InvalidParameter" }),
      );
    }
    expect(() => decode(createKey, pairs("Tag=x"))).toThrow(invalid("There is no such field"));
    expect(() => decode(encrypt, pairs("Surprise.1=x"))).toThrow(invalid("There is no such field"));
  });

  test("an answer has no member for what is absent or null, and an operation may answer nothing", () => {
    const schema = small() as never;
    expect(recordToJson(schema, { name: "a", size: null, note: undefined })).toEqual({ Name: "a" });
    for (const none of [undefined, null]) {
      expect(encode({ response: nothing }, none as never)).toEqual({});
      expect(encode({ response: schema }, none as never)).toEqual({});
    }
  });

  test("a request is an object of fields that the operation has", () => {
    for (const none of [null, undefined, 5, "x"]) {
      expect(() => encodeRequest(encrypt, none as never)).toThrow(missing("Request"));
    }
    const request = { keyId: "key-a", plaintext: new Uint8Array(1) };
    expect(encodeRequest(encrypt, request)).toEqual({ KeyId: "key-a", Plaintext: "AA==" });
    const misspelt = { ...request, encryptionContexts: {} };
    expect(() => encodeRequest(encrypt, misspelt as never)).toThrow(invalid('did you mean "encryptionContext"?'));
    expect(() => encodeRequest(encrypt, { keyId: "key-a" } as never)).toThrow(missing("Plaintext"));
  });
});
