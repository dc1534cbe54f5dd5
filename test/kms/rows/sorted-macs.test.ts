import fc from "fast-check";
import { expect, test } from "vitest";
import { changedBucket, sortedBuckets } from "../../../src/kms/rows/sorted-macs.ts";

/** A MAC of 32 bytes, few of which differ. */
const mac = fc
  .tuple(fc.constantFrom(0, 127, 255), fc.constantFrom(0, 1, 255), fc.constantFrom(0, 9), fc.constantFrom(0, 3))
  .map(([first, second, fifth, last]) => {
    const bytes = new Uint8Array(32);
    [bytes[0], bytes[1], bytes[5], bytes[31]] = [first, second, fifth, last];
    return bytes;
  });
const macs = fc.array(mac, { maxLength: 12 });

const joined = (list: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(list));
const inOrder = (list: readonly Uint8Array[]) => [...list].sort(Buffer.compare);

test("MACs are divided by their first byte, and sorted", () => {
  fc.assert(
    fc.property(macs, (list) => {
      const buckets = sortedBuckets(joined(list));
      expect(buckets).toHaveLength(256);
      expect(joined(buckets)).toEqual(joined(inOrder(list)));
      for (const [first, bucket] of buckets.entries()) {
        for (let at = 0; at < bucket.length; at += 32) expect(bucket[at]).toBe(first);
      }
    }),
    { numRuns: 300 },
  );
});

test("a bucket gains what comes and loses what goes; what was not there cannot go", () => {
  fc.assert(
    fc.property(macs, fc.array(fc.nat(20)), macs, macs, (list, picks, absent, added) => {
      const before = inOrder(list);
      const known = new Set(before.map((one) => Buffer.from(one).toString("hex")));
      // Each place goes once at most.
      const places = [...new Set(picks)].filter((at) => at < before.length);
      const distinct = places.filter(
        (at, index) =>
          places.findIndex((other) => Buffer.compare(before[other] ?? at0, before[at] ?? at0) === 0) === index,
      );
      const gone = distinct.map((at) => before[at] ?? at0);
      const missing = absent.filter((one) => !known.has(Buffer.from(one).toString("hex")));
      const after = before.filter((_, at) => !firstOf(before, gone).includes(at));
      const changed = changedBucket(joined(before), { removed: [...gone, ...missing], added });
      expect(changed).toEqual(joined(inOrder([...after, ...added])));
    }),
    { numRuns: 300 },
  );
});

const at0 = new Uint8Array(32);

/** The first place of each MAC that goes. */
function firstOf(before: readonly Uint8Array[], gone: readonly Uint8Array[]): number[] {
  return gone.map((one) => before.findIndex((other) => Buffer.compare(other, one) === 0));
}
