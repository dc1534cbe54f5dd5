import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { ExpiringFingerprints } from "../../src/shared/expiring-fingerprints.ts";
import { FingerprintSet } from "../../src/shared/fingerprint-set.ts";

const words = (): [number, number] => {
  const bytes = randomBytes(8);
  return [bytes.readUInt32BE(0), bytes.readUInt32BE(4)];
};

test("a set has what was added to it and nothing else, through every growth", () => {
  const set = new FingerprintSet();
  const known = new Set<string>();
  for (let i = 0; i < 5_000; i++) {
    // Half of them from a small range, so that many come twice.
    const [high, low] = i % 2 === 0 ? words() : [0, Math.floor(Math.random() * 1_500) + 2];
    expect(set.has(high, low)).toBe(known.has(`${high} ${low}`));
    expect(set.add(high, low)).toBe(!known.has(`${high} ${low}`));
    known.add(`${high} ${low}`);
    expect(set.size).toBe(known.size);
  }
  for (const one of known) {
    const [high = 0, low = 0] = one.split(" ").map(Number);
    expect(set.has(high, low)).toBe(true);
  }
});

test("the fingerprint of zeros is one like others", () => {
  const set = new FingerprintSet();
  expect(set.has(0, 0)).toBe(false);
  expect(set.add(0, 0)).toBe(true);
  expect(set.add(0, 0)).toBe(false);
  expect(set.has(0, 0)).toBe(true);
  expect(set.has(1, 0)).toBe(false);
});

test("fingerprints that differ in few bits spread over the set: adding them takes time in proportion to their number", () => {
  const set = new FingerprintSet();
  // Under a mask of the fingerprint's own bits all of these would look for one slot, and 200,000 would take minutes.
  for (let i = 0; i < 200_000; i++) set.add((i << 12) >>> 0, i >>> 20);
  expect(set.size).toBe(200_000);
});

test("fingerprints are forgotten minute by minute", () => {
  const known = new ExpiringFingerprints();
  const one = words();
  const two = words();
  known.add(...one, 60_000);
  known.add(...two, 120_000);
  known.forget(119_999);
  expect([known.has(...one), known.has(...two), known.size]).toEqual([true, true, 2]);
  known.forget(120_000);
  expect([known.has(...one), known.has(...two), known.size]).toEqual([false, true, 1]);
  known.forget(180_000);
  expect(known.size).toBe(0);
});
