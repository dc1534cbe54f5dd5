import { expect, test } from "vitest";
import { drawIv, lendIv } from "../../src/shared/random.ts";

/** More than a pool holds, so that it is filled again. */
const DRAWS = 2000;

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("no IV comes twice, drawn or lent, across several pools", () => {
  const ivs = Array.from({ length: DRAWS }, (_, index) => hex(index % 2 === 0 ? drawIv(12) : lendIv(12)));
  expect(ivs.every((iv) => iv.length === 24)).toBe(true);
  expect(new Set(ivs).size).toBe(DRAWS);
});

test("an IV that was drawn stays as it is, and shares no memory with others", () => {
  const first = drawIv(16);
  const before = hex(first);
  for (let index = 0; index < DRAWS; index += 1) lendIv(16);
  expect(hex(first)).toBe(before);
  expect(first.buffer.byteLength).toBe(16);
});

test("an IV that was lent stays as it is until the next one", () => {
  const lent = lendIv(12);
  const before = hex(lent);
  const next = lendIv(12);
  expect(hex(next)).not.toBe(before);
  expect(next.byteOffset === lent.byteOffset && next.buffer === lent.buffer).toBe(false);
});
