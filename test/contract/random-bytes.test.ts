import { runInNewContext } from "node:vm";
import { randomBytes } from "lanelock";
import { expect, test } from "vitest";
import { refusal } from "./refusal.ts";

test("randomBytes draws any number of bytes, also more than getRandomValues takes at a time", () => {
  for (const length of [0, 1, 12, 32, 65_535, 65_536, 65_537, 131_072, 200_001]) {
    const [one, other] = [randomBytes(length), randomBytes(length)];
    expect(one).toHaveLength(length);
    expect(Object.getPrototypeOf(one)).toBe(Uint8Array.prototype);
    if (length < 12) continue;
    expect(Buffer.compare(one, other)).not.toBe(0);
    // 16 zeros in a row come by chance once in 2^128: no part was left out.
    for (let at = 0; at + 16 <= length; at += 4096)
      expect(one.subarray(at, at + 16).some((byte) => byte !== 0)).toBe(true);
    expect(one.subarray(-12).some((byte) => byte !== 0)).toBe(true);
  }
});

test("all values of a byte come, about as often as each other", () => {
  const counts = new Array<number>(256).fill(0);
  for (const byte of randomBytes(256 * 1000)) counts[byte] = (counts[byte] ?? 0) + 1;
  // Twelve standard deviations of about 31.6.
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(380);
});

test("it refuses anything but a number of bytes, and one that no host has memory for", () => {
  const others = [undefined, null, "16", 1.5, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 16n, {}, [], true];
  for (const value of others) {
    expect(refusal("ERR_ARGUMENT", () => randomBytes(value as number), String(value)).message).toContain("length");
  }
  refusal("ERR_ARGUMENT", () => randomBytes(runInNewContext("new Number(16)")));
  refusal("ERR_LIMIT", () => randomBytes(2 ** 53 - 1));
});
