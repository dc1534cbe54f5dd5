import { createHash } from "node:crypto";

/** Reproducible test data: the same seed gives the same bytes and numbers, in the same order, on every run. */
export interface Seeded {
  bytes(length: number): Uint8Array<ArrayBuffer>;
  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number;
  pick<Item>(items: readonly [Item, ...Item[]]): Item;
}

export function seeded(seed: string): Seeded {
  let count = 0;
  const bytes = (length: number): Uint8Array<ArrayBuffer> => {
    count += 1;
    if (length === 0) return new Uint8Array(0);
    return Uint8Array.from(createHash("shake256", { outputLength: length }).update(`${seed} ${count}`).digest());
  };
  const integer = (low: number, high: number): number => {
    const random = new DataView(bytes(4).buffer).getUint32(0);
    return low + Math.floor((random / 2 ** 32) * (high - low + 1));
  };
  return { bytes, integer, pick: (items) => items[integer(0, items.length - 1)] ?? items[0] };
}
