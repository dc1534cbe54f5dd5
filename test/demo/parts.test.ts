import fc from "fast-check";
import { expect, test } from "vitest";
import { Comparison } from "../../demo/files/compare.ts";
import { gathered } from "../../demo/files/gathered.ts";
import { Meter, type Reading } from "../../demo/files/meter.ts";
import { forEachChunk, slices } from "../../demo/files/slices.ts";
import { streamOf } from "../envelope/collect.ts";

// The parts of the demo that need no page.

/** Cuts bytes at given places. */
function chunksOf(bytes: Uint8Array<ArrayBuffer>, cuts: readonly number[]): Uint8Array<ArrayBuffer>[] {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, index) => bytes.slice(start, [...at, bytes.length][index]));
}

const bytesUpTo = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => new Uint8Array(bytes));

test("a comparison finds the first difference, however both sides are cut", async () => {
  const cuts = fc.array(fc.nat(64), { maxLength: 6 });
  const pair = fc.tuple(bytesUpTo(40), bytesUpTo(40), fc.boolean());
  await fc.assert(
    fc.asyncProperty(pair, cuts, cuts, async ([expected, other, same], expectedCuts, givenCuts) => {
      const given = same ? new Uint8Array(expected) : other;
      const comparison = new Comparison(streamOf(chunksOf(expected, expectedCuts).filter(({ length }) => length > 0)));
      for (const chunk of chunksOf(given, givenCuts)) await comparison.add(chunk);
      const longer = Math.max(expected.length, given.length);
      const first = Array.from({ length: longer }, (_, index) => index).find((i) => expected[i] !== given[i]);
      expect(await comparison.end()).toBe(first);
    }),
  );
});

test("slices of a file are the file, also when it is empty or longer than one slice", async () => {
  for (const length of [0, 1, 2 ** 21, 2 ** 21 + 1]) {
    const bytes = new Uint8Array(length).map((_, index) => (index * 7) % 251);
    const read: Uint8Array[] = [];
    await forEachChunk(slices(new Blob([bytes])), (chunk) => void read.push(chunk));
    expect(Buffer.concat(read).equals(bytes), `${length} bytes`).toBe(true);
  }
});

test("what is gathered arrives whole and in order, in few writes", async () => {
  const writes: Buffer[] = [];
  const file = new File([], "name");
  const place = gathered({
    saved: false,
    write: (bytes) => void writes.push(Buffer.from(bytes)),
    close: async () => file,
    remove: async () => {},
  });
  const bytes = new Uint8Array(5_000_000).map((_, index) => (index * 11) % 253);
  for (let at = 0; at < bytes.length; at += 70_001) await place.write(bytes.subarray(at, at + 70_001));
  expect(await place.close()).toBe(file);
  expect(Buffer.concat(writes).equals(bytes)).toBe(true);
  expect(writes.length).toBe(3);
});

test("a meter reports at most ten times a second, and the speed of the last two seconds", () => {
  const readings: Reading[] = [];
  let now = 0;
  const meter = new Meter(
    (reading) => readings.push(reading),
    () => now,
  );
  expect(readings).toEqual([{ bytes: 0, bytesPerSecond: 0 }]);
  for (; now < 4_000; now += 10) meter.add(10_000);
  expect(readings.length).toBe(40);
  expect(readings.at(-1)?.bytesPerSecond).toBeCloseTo(1e6, -4);
  // Half as fast: after two seconds nothing is left of the speed before.
  for (; now < 7_000; now += 20) meter.add(10_000);
  expect(readings.at(-1)?.bytesPerSecond).toBeCloseTo(5e5, -4);
  expect(meter.bytes).toBe(5_500_000);
});
