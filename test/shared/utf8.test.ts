import { expect, test } from "vitest";
import { randomUuid } from "../../src/shared/random.ts";
import { decodeUtf8, textOf } from "../../src/shared/utf8.ts";

const decoder = new TextDecoder();

test.each(["", "a", "é", "€", "💮", "a\u0000b", "\uFEFFmarked", "汉字 and 💮"])(
  "%j is decoded as the platform does",
  (text) => {
    const bytes = new TextEncoder().encode(text);
    expect(textOf(bytes)).toBe(decoder.decode(bytes));
    expect(decodeUtf8(bytes)).toBe(decoder.decode(bytes));
  },
);

test("what is not UTF-8 throws nothing", () => {
  expect(textOf(new Uint8Array([0xff, 0x61]))).toBe("\uFFFDa");
  expect(decodeUtf8(new Uint8Array([0xff, 0x61]))).toBe("\uFFFD");
});

test("UUIDs are random ones of version 4", () => {
  const many = Array.from({ length: 1_000 }, randomUuid);
  expect(new Set(many).size).toBe(1_000);
  for (const id of many) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
