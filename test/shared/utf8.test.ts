import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import { lengthPrefixed } from "../../src/shared/encoding.ts";
import { encodeUtf8, utf8 } from "../../src/shared/utf8.ts";

test("the encoder for hosts without TextEncoder gives what TextEncoder gives, lone surrogates and all", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
      (text) => {
        expect(Buffer.compare(encodeUtf8(text), new TextEncoder().encode(text))).toBe(0);
      },
    ),
  );
  for (const text of ["", "\0", "é", "€", "😀", "\ud800", "\udc00\ud800", "a\uffff\u{10ffff}"]) {
    expect(Buffer.compare(encodeUtf8(text), Buffer.from(text))).toBe(0);
    expect(Buffer.compare(utf8(text), Buffer.from(text))).toBe(0);
  }
});

test("bytes of another realm are encoded as bytes, not as the text of their digits", () => {
  const foreign = runInNewContext("Uint8Array.of(1, 2, 3)") as Uint8Array;
  expect(foreign instanceof Uint8Array).toBe(false);
  expect(lengthPrefixed([foreign])).toEqual(lengthPrefixed([Uint8Array.of(1, 2, 3)]));
});
