import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { bindContext, contextDigest, copyOfContext } from "../../../src/kms/wire/context.ts";

const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString("hex");
const aadOf = (context: unknown) => hex(bindContext(context)?.aad);
const sha256 = (data: string | Buffer) => createHash("sha256").update(data).digest("hex");

describe("encryption context", () => {
  test("the documented vectors", () => {
    expect(aadOf({ b: "2", a: "1" })).toBe("8e85be58c1c372ac29fe7bfa80d8ddcbd04a4032c7b51c1c026d67c55b1ab23f");
    expect(aadOf({ Example: "Example" })).toBe("c586905f2cd042e899684e626c0c0212393ac15a8f99a3d3e87bf5b47345ef22");
  });

  test("absent, null and {} are no context", () => {
    for (const none of [undefined, null, {}, Object.create(null)]) expect(bindContext(none)).toBeUndefined();
  });

  test("keys sort by their UTF-8 bytes, not by UTF-16 units", () => {
    // U+10000 is F0 90 80 80 in UTF-8 and D800 DC00 in UTF-16; U+FFFD is EF BF BD.
    expect(aadOf({ "\u{10000}": "astral", "\ufffd": "bmp" })).toBe(sha256("\ufffd=bmp&\u{10000}=astral"));
    for (const high of ["\ue000", "\uffff"]) expect(aadOf({ [high]: "2", a: "1" })).toBe(sha256(`a=1&${high}=2`));
    expect(aadOf({ ab: "2", a: "1" })).toBe(sha256("a=1&ab=2"));
  });

  test("ambiguous contexts are hashed in the length-prefixed form", () => {
    const part = (text: string) => {
      const bytes = Buffer.from(text);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return Buffer.concat([length, bytes]);
    };
    const own = (...texts: string[]) =>
      sha256(Buffer.concat([Buffer.from([0, 0, 0, 0, texts.length / 2]), ...texts.map(part)]));
    expect(aadOf({ "a=b": "c" })).toBe(own("a=b", "c"));
    expect(aadOf({ a: "1&b=2" })).toBe(own("a", "1&b=2"));
    expect(aadOf({ z: "1", "a&b": "" })).toBe(own("a&b", "", "z", "1"));
    expect(aadOf({ "\0": "é" })).toBe(own("\0", "é"));
    expect(aadOf({ a: "b=c" })).toBe(sha256("a=b=c"));
    expect(aadOf({ "": "" })).toBe(sha256("="));
  });

  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom("a", "b", "=", "&", "\0", "\u{10000}", "\ufffd", "é"), maxLength: 4 }),
    fc.string({ unit: "binary", maxLength: 8 }),
  );
  const context = fc.dictionary(text, text, { maxKeys: 4 });
  const canonical = (value: Record<string, string>) =>
    JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));

  test("it is injective: different contexts have different AADs, equal ones in any order the same", () => {
    const seen = new Map<string, string>();
    const lone = /\p{Surrogate}/u;
    fc.assert(
      fc.property(context, (value) => {
        if (
          Object.entries(value)
            .flat()
            .some((one) => lone.test(one))
        ) {
          expect(() => bindContext(value)).toThrow(expect.objectContaining({ code: "InvalidParameter" }));
          return;
        }
        const aad = aadOf(value) ?? "none";
        expect(aadOf(Object.fromEntries(Object.entries(value).reverse())) ?? "none").toBe(aad);
        const before = seen.get(aad);
        if (before !== undefined) expect(canonical(value)).toBe(before);
        seen.set(aad, canonical(value));
      }),
      { numRuns: 20_000 },
    );
    expect(seen.size).toBeGreaterThan(5_000);
  });

  test("lone surrogates are refused wherever they are", () => {
    for (const bad of ["\ud800", "a\udc00", "\udc00\ud800"]) {
      expect(() => bindContext({ [bad]: "v" })).toThrow(expect.objectContaining({ code: "InvalidParameter" }));
      expect(() => bindContext({ k: bad })).toThrow(expect.objectContaining({ code: "InvalidParameter" }));
    }
  });

  test("only plain objects of strings", () => {
    class Context {
      tenant = "1";
    }
    // Not an object, although it has no prototype that would show it.
    const bare = Object.setPrototypeOf(() => undefined, null);
    const wrong: unknown[] = [[], ["a"], "a=1", 1, true, { a: 1 }, { a: null }, { a: ["x"] }, { a: { b: "c" } }];
    for (const value of [...wrong, new Map([["a", "1"]]), new Context(), () => undefined, bare, Symbol("x")]) {
      expect(() => bindContext(value)).toThrow(expect.objectContaining({ code: "InvalidParameter" }));
    }
  });

  test("8,192 characters of JSON are taken, one more is not", () => {
    const fits = { k: "v".repeat(8_192 - JSON.stringify({ k: "" }).length) };
    expect(JSON.stringify(fits)).toHaveLength(8_192);
    expect(bindContext(fits)).toBeDefined();
    expect(() => bindContext({ k: `${fits.k}v` })).toThrow(expect.objectContaining({ code: "InvalidParameter" }));
    // Escapes count as JSON has them.
    const escaped = { k: "\u0001".repeat(1_364) };
    expect(JSON.stringify(escaped).length).toBeLessThanOrEqual(8_192);
    expect(bindContext(escaped)).toBeDefined();
    expect(() => bindContext({ k: "\u0001".repeat(1_365) })).toThrow(
      expect.objectContaining({ code: "InvalidParameter" }),
    );
  });
});

describe("the binding of a context", () => {
  /** As in a process that has just begun. */
  async function fresh() {
    vi.resetModules();
    return (await import("../../../src/kms/wire/context.ts")).bindContext;
  }
  /** A context whose encoding has this many characters. */
  const ofLength = (length: number) => ({ k: "v".repeat(length - 2) });

  test("is one object for equal contexts of up to 256 characters", async () => {
    const bind = await fresh();
    expect(bind({ b: "2", a: "1" })).toBe(bind({ a: "1", b: "2" }));
    expect(bind(ofLength(256))).toBe(bind(ofLength(256)));
    expect(bind(ofLength(257))).not.toBe(bind(ofLength(257)));
    expect(bind(ofLength(257))).toEqual(bind(ofLength(257)));
  });

  test("is remembered for 32 contexts", async () => {
    const bind = await fresh();
    const first = bind({ n: "0" });
    for (let n = 1; n < 32; n++) bind({ n: `${n}` });
    expect(bind({ n: "0" })).toBe(first);
    bind({ n: "32" });
    const again = bind({ n: "0" });
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
  });
});

describe("the copy of a context and its digest in formats of our own", () => {
  test("are nothing for an absent context, and the digest for an empty one too", () => {
    for (const none of [undefined, null]) {
      expect(copyOfContext(none)).toBeUndefined();
      expect(contextDigest(none)).toBeUndefined();
    }
    expect(copyOfContext({})).toEqual({});
    expect(contextDigest({})).toBeUndefined();
  });

  test("do not depend on the order, and the digest is of the length-prefixed form for every context", () => {
    const encoded = "0000000002" + "0000000161" + "0000000131" + "0000000162" + "0000000132";
    const digest = sha256(Buffer.from(encoded, "hex"));
    expect(hex(contextDigest({ b: "2", a: "1" }))).toBe(digest);
    expect(hex(contextDigest({ a: "1", b: "2" }))).toBe(digest);
  });

  test("read every value once, and name the parameter of a wrong one", () => {
    let reads = 0;
    const given = {
      get a() {
        reads++;
        return "1";
      },
    };
    const copy = copyOfContext(given);
    expect([copy, reads]).toEqual([{ a: "1" }, 1]);
    for (const work of [bindContext, copyOfContext, contextDigest]) {
      expect(() => work([], "SourceEncryptionContext")).toThrow("SourceEncryptionContext");
      expect(() => work([])).toThrow("EncryptionContext");
    }
  });
});
