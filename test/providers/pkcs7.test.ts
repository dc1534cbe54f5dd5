import { describe, expect, test } from "vitest";
import { findPadding, padPkcs7, unpadPkcs7 } from "../../src/providers/pkcs7.ts";

// RFC 5652 §6.3: a message is followed by k - (l mod k) bytes of that value.

describe.each([0, 1, 5, 14, 15, 16, 17, 31, 32, 33])("%i bytes", (length) => {
  const data = Uint8Array.from({ length }, (_, at) => at + 100);
  const count = 16 - (length % 16);

  test(`are followed by ${count} bytes of that value, which come off again`, () => {
    const padded = padPkcs7(data);
    expect([...padded]).toEqual([...data, ...Array(count).fill(count)]);
    expect(findPadding(padded.subarray(-16))).toEqual({ wrong: 0, count });
    const unpadded = unpadPkcs7(padded);
    expect(unpadded).toEqual(data);
    expect(unpadded.buffer).not.toBe(padded.buffer);
  });
});

test("every other last block is refused: each value at each place of the padding", () => {
  const refused = expect.objectContaining({ code: "ERR_PADDING" });
  for (let count = 1; count <= 16; count++) {
    const good = new Uint8Array(32).fill(count, 32 - count);
    for (let at = 32 - count; at < 31; at++) {
      for (const value of [count ^ 1, count ^ 0x80, 0, 255]) {
        if (value !== count) expect(() => unpadPkcs7(good.with(at, value)), `${count} ${at}`).toThrow(refused);
      }
    }
    // A byte before the padding may have any value.
    if (count < 16) expect(unpadPkcs7(good.with(31 - count, count))).toHaveLength(32 - count);
  }
  for (const count of [0, 17, 18, 32, 48, 127, 128, 129, 144, 255]) {
    expect(() => unpadPkcs7(new Uint8Array(32).fill(count)), `${count}`).toThrow(refused);
  }
});
