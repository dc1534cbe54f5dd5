import { concatBytes } from "../../shared/encoding.ts";
import { MAC_BYTES } from "./mac-table.ts";

export const BUCKETS = 256;
/** As many positions as fit beside four bytes of a MAC in the 53 bits of a double. */
const POSITIONS = 2 ** 21;

/** The MACs divided by their first byte, each bucket sorted. @param macs one behind the other */
export function sortedBuckets(macs: Uint8Array): Uint8Array[] {
  const sizes = new Uint32Array(BUCKETS);
  for (let at = 0; at < macs.length; at += MAC_BYTES) {
    const number = macs[at] ?? 0;
    sizes[number] = (sizes[number] ?? 0) + MAC_BYTES;
  }
  const buckets = Array.from(sizes, (size) => new Uint8Array(size));
  const filled = new Uint32Array(BUCKETS);
  for (let at = 0; at < macs.length; at += MAC_BYTES) {
    const number = macs[at] ?? 0;
    const from = filled[number] ?? 0;
    buckets[number]?.set(macs.subarray(at, at + MAC_BYTES), from);
    filled[number] = from + MAC_BYTES;
  }
  return buckets.map(sorted);
}

/**
 * Every opening sorts the MACs of all rows. Doubles made of four bytes of a MAC and its position sort natively, in a tenth of the time
 * that comparing texts takes. MACs that agree in those bytes are put in order one by one.
 */
function sorted(bucket: Uint8Array): Uint8Array {
  const view = new DataView(bucket.buffer, bucket.byteOffset, bucket.length);
  const order = new Float64Array(bucket.length / MAC_BYTES);
  for (let i = 0; i < order.length; i++) order[i] = view.getUint32(i * MAC_BYTES + 1) * POSITIONS + i;
  order.sort();
  const result = new Uint8Array(bucket.length);
  for (let i = 0; i < order.length; i++) {
    const from = ((order[i] ?? 0) % POSITIONS) * MAC_BYTES;
    const mac = bucket.subarray(from, from + MAC_BYTES);
    let at = i * MAC_BYTES;
    while (at > 0 && compareMacs(result, at - MAC_BYTES, mac) > 0) {
      result.copyWithin(at, at - MAC_BYTES, at);
      at -= MAC_BYTES;
    }
    result.set(mac, at);
  }
  return result;
}

/** Where the MAC is in a sorted bucket, or belongs. */
function placeOf(bucket: Uint8Array, mac: Uint8Array): { readonly at: number; readonly found: boolean } {
  for (let at = 0; at < bucket.length; at += MAC_BYTES) {
    const order = compareMacs(bucket, at, mac);
    if (order >= 0) return { at, found: order === 0 };
  }
  return { at: bucket.length, found: false };
}

/** Not in constant time: anybody who can write the database can also read these MACs. */
function compareMacs(bucket: Uint8Array, at: number, mac: Uint8Array): number {
  for (let i = 0; i < MAC_BYTES; i++) {
    const difference = (bucket[at + i] ?? 0) - (mac[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

export function without(bucket: Uint8Array, mac: Uint8Array): Uint8Array {
  const { at, found } = placeOf(bucket, mac);
  return found ? concatBytes(bucket.subarray(0, at), bucket.subarray(at + MAC_BYTES)) : bucket;
}

export function including(bucket: Uint8Array, mac: Uint8Array): Uint8Array {
  const { at } = placeOf(bucket, mac);
  return concatBytes(bucket.subarray(0, at), mac, bucket.subarray(at));
}
