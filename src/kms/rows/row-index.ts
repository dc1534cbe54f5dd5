import { toHex } from "../../shared/encoding.ts";
import { sha256OfText } from "../../shared/hash/sha256.ts";

/** Changes of a transaction: the MAC each named row has afterwards, in hex; `null` where the row is gone. */
export type RowChanges = ReadonlyMap<string, string | null>;

/** A changed index that has not replaced the old one yet. */
export interface IndexDraft {
  readonly root: string;
  /** Makes the changes. */
  adopt(): void;
}

const BUCKETS = 256;

/** A bucket is chosen by the first byte of a MAC, which nobody without the key can choose. */
function bucketOf(mac: string): number {
  return Number.parseInt(mac.slice(0, 2), 16);
}

function hash(text: string): string {
  return toHex(sha256OfText(text));
}

/**
 * The MAC of every row of a store by the row's name, under a hash tree of two levels:
 *
 * ```
 * root      = SHA-256(digest 0 ‖ … ‖ digest 255)
 * digest b  = SHA-256(the MACs whose first byte is b, sorted)                all in lower-case hex
 * ```
 * The MAC covers table, primary key and columns, so a set of MACs is a set of rows. A change hashes the buckets it touches and
 * the root; nothing else is read for it.
 */
export class RowIndex {
  readonly #macs: Map<string, string>;
  readonly #buckets: string[][];
  readonly #digests: string[];
  #root: string;

  /** @param rows name and MAC of every row */
  constructor(rows: Iterable<readonly [name: string, mac: string]>) {
    this.#macs = new Map(rows);
    this.#buckets = Array.from({ length: BUCKETS }, () => []);
    for (const mac of this.#macs.values()) this.#buckets[bucketOf(mac)]?.push(mac);
    for (const bucket of this.#buckets) bucket.sort();
    this.#digests = this.#buckets.map((bucket) => hash(bucket.join("")));
    this.#root = hash(this.#digests.join(""));
  }

  get root(): string {
    return this.#root;
  }

  get size(): number {
    return this.#macs.size;
  }

  /** The MAC that the named row must have; `null` when there must be no such row. */
  macOf(name: string): string | null {
    return this.#macs.get(name) ?? null;
  }

  /** How many rows have names that begin so. */
  count(prefix: string): number {
    let count = 0;
    for (const name of this.#macs.keys()) if (name.startsWith(prefix)) count++;
    return count;
  }

  names(): IterableIterator<string> {
    return this.#macs.keys();
  }

  draft(changes: RowChanges): IndexDraft {
    const buckets = new Map<number, string[]>();
    const bucket = (mac: string): string[] => {
      const number = bucketOf(mac);
      const copy = buckets.get(number) ?? [...(this.#buckets[number] ?? [])];
      buckets.set(number, copy);
      return copy;
    };
    for (const [name, mac] of changes) {
      const before = this.macOf(name);
      if (before === mac) continue;
      if (before !== null) remove(bucket(before), before);
      if (mac !== null) insert(bucket(mac), mac);
    }
    const digests = [...this.#digests];
    for (const [number, macs] of buckets) digests[number] = hash(macs.join(""));
    const root = hash(digests.join(""));
    const adopt = () => {
      for (const [number, macs] of buckets) {
        this.#buckets[number] = macs;
        this.#digests[number] = digests[number] ?? "";
      }
      for (const [name, mac] of changes) {
        if (mac === null) this.#macs.delete(name);
        else this.#macs.set(name, mac);
      }
      this.#root = root;
    };
    return { root, adopt };
  }
}

function remove(bucket: string[], mac: string): void {
  const at = bucket.indexOf(mac);
  if (at >= 0) bucket.splice(at, 1);
}

function insert(bucket: string[], mac: string): void {
  const at = bucket.findIndex((other) => other > mac);
  bucket.splice(at < 0 ? bucket.length : at, 0, mac);
}
