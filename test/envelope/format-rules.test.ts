import { describe, expect, test } from "vitest";
import { encodeHeader, headerLength, MAX_HEADER_LENGTH, parseHeader } from "../../src/envelope/format/header.ts";
import { notAuthentic } from "../../src/envelope/format/not-authentic.ts";
import { layoutOfPlaintext, layoutOfSegments, MAX_SEGMENTS } from "../../src/envelope/format/segment-layout.ts";
import { SegmentNonces } from "../../src/envelope/format/segment-nonce.ts";
import { AES_256_GCM, SM4_GCM, suiteOfId, suiteOfKeySpec } from "../../src/envelope/format/suites.ts";

// docs/formats.md: every field at its limits and one step beyond them.

const refusal = expect.objectContaining({ code: "ERR_AUTHENTICATION" });
const magic = [0x4c, 0x4c, 0x4b, 0x31];
const start = (suite: number, log2: number, wrapped: number) =>
  Uint8Array.of(...magic, suite, log2, wrapped >> 8, wrapped & 255);

describe("a header", () => {
  test.each([
    [start(1, 12, 1), 73],
    [start(2, 24, 96), 168],
    [start(1, 16, 255), 327],
    [start(1, 16, 256), 328],
    [start(1, 16, 1_024), 1_096],
  ])("that begins with %s is %i bytes long", (bytes, length) => {
    expect(headerLength(bytes)).toBe(length);
    expect(headerLength(Uint8Array.of(...bytes, 9, 9, 9))).toBe(length);
    expect(length).toBeLessThanOrEqual(MAX_HEADER_LENGTH);
  });

  test.each<readonly [string, Uint8Array]>([
    ["no wrapped key", start(1, 12, 0)],
    ["a wrapped key of 1,025 bytes", start(1, 12, 1_025)],
    ["segments of 2 KiB", start(1, 11, 96)],
    ["segments of 32 MiB", start(1, 25, 96)],
    ["suite 0", start(0, 12, 96)],
    ["suite 3", start(3, 12, 96)],
    ["7 bytes", start(1, 12, 256).subarray(0, 7)],
    ["no bytes", new Uint8Array(0)],
    ...magic.map((byte, at) => [`another byte ${at}`, start(1, 12, 96).with(at, byte ^ 1)] as const),
  ])("with %s is refused", (_, bytes) => {
    expect(() => headerLength(bytes)).toThrow(refusal);
  });

  test("reads as it was written, at every length of a wrapped key, and is a copy", () => {
    for (const length of [1, 96, 255, 256, 257, 1_024]) {
      const header = {
        ...{ suite: SM4_GCM, segmentSizeLog2: 20, wrappedKey: new Uint8Array(length).fill(1) },
        ...{ salt: new Uint8Array(32).fill(2), commitment: new Uint8Array(32).fill(3) },
      };
      const written = encodeHeader(header);
      expect([...written.subarray(0, 8)]).toEqual([...start(2, 20, length)]);
      expect(written).toHaveLength(72 + length);
      const read = parseHeader(written);
      expect(read).toEqual(header);
      written.fill(0);
      expect(read).toEqual(header);
      const into = new Uint8Array(2_000).fill(7);
      const placed = encodeHeader(header, into);
      expect(placed).toEqual(encodeHeader(header));
      expect([placed.buffer, placed.byteOffset]).toEqual([into.buffer, 0]);
      expect(into.subarray(72 + length).every((byte) => byte === 7)).toBe(true);
      for (const wrong of [placed.subarray(0, -1), into.subarray(0, 73 + length)]) {
        expect(() => parseHeader(wrong)).toThrow(refusal);
      }
    }
  });
});

test("suites have the numbers and key lengths of the format, and a KeySpec chooses one", () => {
  expect([1, 2, 0, 3, undefined].map((id) => suiteOfId(id)?.name)).toEqual([
    "AES-256-GCM",
    "SM4-GCM",
    ...[undefined, undefined, undefined],
  ]);
  expect([AES_256_GCM.keyLength, SM4_GCM.keyLength]).toEqual([32, 16]);
  expect(["Aliyun_SM4", "Aliyun_AES_256", "Aliyun_AES_128"].map((spec) => suiteOfKeySpec(spec).id)).toEqual([2, 1, 1]);
});

test("a nonce is the prefix, the index in four bytes, and whether the segment is the last", () => {
  const nonces = new SegmentNonces(Uint8Array.of(1, 2, 3, 4, 5, 6, 7));
  const at = (index: number, last: boolean) => Buffer.from(nonces.at(index, last)).toString("hex");
  const prefix = "01020304050607";
  expect(at(0, false)).toBe(`${prefix}0000000000`);
  expect(at(0x01020304, true)).toBe(`${prefix}0102030401`);
  expect(at(0xfffffffe, false)).toBe(`${prefix}fffffffe00`);
  expect(at(0x80000000, true)).toBe(`${prefix}8000000001`);
  expect(at(1, false)).toBe(`${prefix}0000000100`);
});

describe("a layout", () => {
  const size = 4_096;
  const unit = size + 16;

  test.each([
    [0, 1],
    [1, 1],
    [size, 1],
    [size + 1, 2],
    [2 * size, 2],
    [MAX_SEGMENTS * size, MAX_SEGMENTS],
  ])("of %i bytes has %i segments, and reads back from their length", (length, segments) => {
    expect(layoutOfPlaintext(length, size)).toEqual({ segments, length });
    expect(layoutOfSegments(length + 16 * segments, size)).toEqual({ segments, length });
  });

  test("of one byte more than all segments hold is ERR_LIMIT", () => {
    const tooLong = expect.objectContaining({ code: "ERR_LIMIT" });
    expect(() => layoutOfPlaintext(MAX_SEGMENTS * size + 1, size)).toThrow(tooLong);
    // Within that number of segments, but more bytes than a number counts.
    expect(() => layoutOfPlaintext(2 ** 53 - 1, 2 ** 24)).toThrow(tooLong);
    expect(layoutOfPlaintext(2 ** 53 - 2 ** 40, 2 ** 24).segments).toBe(2 ** 29 - 2 ** 16);
  });

  test.each([0, 1, 15, unit + 1, unit + 16, 2 * unit + 16, MAX_SEGMENTS * unit + 17])(
    "that no plaintext has is refused: segments of %i bytes",
    (length) => {
      expect(() => layoutOfSegments(length, size)).toThrow(refusal);
    },
  );

  test.each([16, 17, unit, unit + 17, 2 * unit])("that a plaintext has is taken: segments of %i bytes", (length) => {
    const { segments, length: plaintext } = layoutOfSegments(length, size);
    expect(plaintext + 16 * segments).toBe(length);
  });
});

test("the error of every message that does not open has a cause only where the KMS refused", () => {
  const refusedByKms = new Error("the KMS refused");
  expect(notAuthentic(refusedByKms).cause).toBe(refusedByKms);
  expect("cause" in notAuthentic()).toBe(false);
});
