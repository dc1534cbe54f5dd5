import { toHex } from "../../shared/encoding.ts";
import { sha256 } from "../../shared/hash/sha256.ts";
import { bytesOfHex, MAC_BYTES, MacTable } from "./mac-table.ts";
import { BUCKETS, type BucketChanges, changedBucket, sortedBuckets } from "./sorted-macs.ts";

/** Changes of a transaction: the MAC each named row has afterwards, in hex; `null` where the row is gone. */
export type RowChanges = ReadonlyMap<string, string | null>;

/** A changed index that has not replaced the old one yet. */
export interface IndexDraft {
  readonly root: string;
  /** Makes the changes. */
  adopt(): void;
}

/** From how many changes on the table is made again: enough to make that rare, few enough for the garbage collector. */
const MANY_CHANGES = 1_024;

/**
 * The MAC of every row of a store by the row's name, under a hash tree of two levels:
 *
 * ```
 * root      = SHA-256(digest 0 ‖ … ‖ digest 255)
 * digest b  = SHA-256(the MACs whose first byte is b, sorted)
 * ```
 * The MAC covers table, primary key and columns, so a set of MACs identifies a set of rows. Without the key nobody can choose the
 * bucket of a row. A change hashes only the buckets it touches, and the root.
 */
export class RowIndex {
  #table: MacTable;
  /** What changed since the table was made; `null` where the row is gone. */
  readonly #changed = new Map<string, string | null>();
  /** How many rows each group has. */
  readonly #counts = new Map<string, number>();
  readonly #buckets: Uint8Array[];
  readonly #digests = new Uint8Array(BUCKETS * MAC_BYTES);
  #root: string;

  /** @param macs of the rows in the order of `names`, in lower-case hex */
  constructor(names: readonly string[], macs: readonly string[]) {
    this.#table = new MacTable(names, macs);
    for (const name of names) this.#add(name, 1);
    this.#buckets = sortedBuckets(this.#table.macs);
    this.#buckets.forEach((bucket, number) => {
      this.#digests.set(sha256(bucket), number * MAC_BYTES);
    });
    this.#root = toHex(sha256(this.#digests));
  }

  get root(): string {
    return this.#root;
  }

  /** The MAC that the named row must have; `null` when there must be no such row. */
  macOf(name: string): string | null {
    const changed = this.#changed.get(name);
    return changed === undefined ? this.#table.macOf(name) : changed;
  }

  /** How many rows there are in a group: of a table (`alias `), or of the tags of a key (`tag KEYID `). */
  count(group: string): number {
    return this.#counts.get(group) ?? 0;
  }

  #add(name: string, amount: number): void {
    const group = groupOf(name);
    this.#counts.set(group, (this.#counts.get(group) ?? 0) + amount);
  }

  *names(): Generator<string> {
    for (const name of this.#table.names()) if (!this.#changed.has(name)) yield name;
    for (const [name, mac] of this.#changed) if (mac !== null) yield name;
  }

  draft(changes: RowChanges): IndexDraft {
    const edits = new Map<number, BucketChanges>();
    const editsOf = (mac: Uint8Array) => {
      const number = mac[0] ?? 0;
      const known = edits.get(number) ?? { removed: [], added: [] };
      edits.set(number, known);
      return known;
    };
    for (const [name, mac] of changes) {
      const before = this.macOf(name);
      if (before === mac) continue;
      const [old, now] = [before, mac].map((hex) => (hex === null ? undefined : bytesOfHex(hex)));
      if (old !== undefined) editsOf(old).removed.push(old);
      if (now !== undefined) editsOf(now).added.push(now);
    }
    const changed = [...edits].map(
      ([number, edit]) => [number, changedBucket(this.#buckets[number] ?? new Uint8Array(), edit)] as const,
    );
    const digests = new Uint8Array(this.#digests);
    for (const [number, bucket] of changed) digests.set(sha256(bucket), number * MAC_BYTES);
    const root = toHex(sha256(digests));
    const adopt = () => {
      for (const [number, bucket] of changed) this.#buckets[number] = bucket;
      this.#digests.set(digests);
      for (const [name, mac] of changes) this.#change(name, mac);
      if (this.#changed.size > Math.max(MANY_CHANGES, this.#table.length / 4)) this.#settle();
      this.#root = root;
    };
    return { root, adopt };
  }

  #change(name: string, mac: string | null): void {
    const before = this.macOf(name);
    if ((before === null) !== (mac === null)) this.#add(name, mac === null ? -1 : 1);
    this.#changed.set(name, mac);
  }

  /** Makes the table again, with all changes. */
  #settle(): void {
    const names = [...this.names()];
    this.#table = new MacTable(
      names,
      names.map((name) => this.macOf(name) ?? ""),
    );
    this.#changed.clear();
  }
}

/** The part of a row's name by which rows are counted. */
export function groupOf(name: string): string {
  const table = name.indexOf(" ") + 1;
  return name.slice(0, name.startsWith("tag ") ? name.indexOf(" ", table) + 1 : table);
}
