import { describe, expect, test } from "vitest";
import { describedBlob, gcmBlob, MODE_OF, parseBlob, versionPrefix } from "../../../src/kms/wire/blob.ts";

const VERSION = "key-llk0123456789abcdefgh-az09zzzzzz";
const ascii = (text: string) => Uint8Array.from(Buffer.from(text, "latin1"));
const counting = (length: number, from = 1) => Uint8Array.from({ length }, (_, index) => from + index);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const refused = expect.objectContaining({ code: "InvalidParameter" });

describe("a GCM blob", () => {
  const iv = counting(12);
  const sealed = counting(20, 100);
  const blob = gcmBlob(versionPrefix(VERSION), iv, sealed);

  test("is version id, IV, ciphertext and tag", () => {
    expect(hex(blob)).toBe(hex(ascii(VERSION)) + hex(iv) + hex(sealed));
  });

  test("is parsed into its parts, and leaves the algorithm to the key", () => {
    expect(parseBlob(blob)).toStrictEqual({ versionId: VERSION, mode: "GCM", iv, data: sealed });
  });

  test("has at least a tag, of 16 bytes", () => {
    const shortest = blob.subarray(0, 64);
    expect(parseBlob(shortest).data).toHaveLength(16);
    expect(() => parseBlob(shortest.subarray(0, 63))).toThrow(refused);
    expect(() => parseBlob(new Uint8Array())).toThrow(refused);
  });
});

describe("a CBC or ECB blob", () => {
  const cases = [
    { algorithm: "AES_CBC", padding: "PKCS7_PADDING", header: "240103", ivLength: 16 },
    { algorithm: "AES_CBC", padding: "NO_PADDING", header: "240203", ivLength: 16 },
    { algorithm: "AES_ECB", padding: "PKCS7_PADDING", header: "240104", ivLength: 0 },
    { algorithm: "AES_ECB", padding: "NO_PADDING", header: "240204", ivLength: 0 },
  ] as const;

  test.each(cases)("$algorithm with $padding begins with $header", ({ algorithm, padding, header, ivLength }) => {
    const parts = { versionId: VERSION, mode: MODE_OF[algorithm], algorithm, padding, iv: counting(ivLength) };
    for (const length of [0, 16, 48]) {
      const data = counting(length, 200);
      const blob = describedBlob({ ...parts, data });
      expect(hex(blob)).toBe(header + hex(ascii(VERSION)) + hex(parts.iv) + hex(data));
      expect(parseBlob(blob)).toStrictEqual({ ...parts, data });
    }
    const empty = describedBlob({ ...parts, data: new Uint8Array() });
    expect(() => parseBlob(empty.subarray(0, empty.length - 1))).toThrow(refused);
  });

  const blob = describedBlob({
    ...{ versionId: VERSION, mode: "CBC", algorithm: "AES_CBC", padding: "PKCS7_PADDING" },
    ...{ iv: counting(16), data: counting(16) },
  });
  const changed = (at: number, byte: number) => blob.with(at, byte);

  test("has one of two algorithms and one of two paddings", () => {
    for (const code of [0, 1, 2, 5, 255]) expect(() => parseBlob(changed(2, code))).toThrow(refused);
    for (const code of [0, 3, 0x11, 255]) expect(() => parseBlob(changed(1, code))).toThrow(refused);
    for (const length of [1, 2, 3, 39]) expect(() => parseBlob(blob.subarray(0, length))).toThrow(refused);
  });

  test("has a version id of lower-case letters, digits and hyphens in every place", () => {
    for (const at of [3, 20, 38]) {
      for (const good of "az09-") expect(parseBlob(changed(at, good.charCodeAt(0))).versionId).toContain(good);
      for (const bad of "`{/:.,AZ_\0\u00e9") expect(() => parseBlob(changed(at, bad.charCodeAt(0)))).toThrow(refused);
    }
  });
});

test("a blob is at most as long as CBC makes of 6,144 bytes", () => {
  const longest = new Uint8Array(3 + 36 + 16 + 6_144 + 16).fill(0x61);
  expect(parseBlob(longest).versionId).toBe("a".repeat(36));
  expect(() => parseBlob(new Uint8Array(longest.length + 1).fill(0x61))).toThrow(refused);
});
