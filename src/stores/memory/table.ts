import { copyOf } from "../row-queries.ts";

/** The changes of a transaction, newest last. Undone in reverse order when it fails. */
export type Journal = (() => void)[];

/** Rows by primary key. Records in `journal` how to undo every change. Copies rows on the way in and out. */
export class MemoryTable<Row extends object> {
  readonly #rows = new Map<string, Row>();
  readonly #keyOf: (row: Row) => string;

  constructor(keyOf: (row: Row) => string) {
    this.#keyOf = keyOf;
  }

  get(key: string): Row | undefined {
    const row = this.#rows.get(key);
    return row && copyOf(row);
  }

  /** Rows that `keep` accepts, in the order of `by`. */
  select(keep: (row: Row) => boolean, by: (a: Row, b: Row) => number): Row[] {
    return [...this.#rows.values()].filter(keep).sort(by).map(copyOf);
  }

  all(): Row[] {
    return this.entries().map(([, row]) => copyOf(row));
  }

  /** Rows by primary key, not copied: for reading at once. */
  entries(): (readonly [key: string, row: Row])[] {
    return [...this.#rows];
  }

  put(row: Row, journal: Journal): void {
    const key = this.#keyOf(row);
    const before = this.#rows.get(key);
    this.#rows.set(key, copyOf(row));
    journal.push(() => (before ? this.#rows.set(key, before) : this.#rows.delete(key)));
  }

  add(row: Row, journal: Journal): boolean {
    if (this.#rows.has(this.#keyOf(row))) return false;
    this.put(row, journal);
    return true;
  }

  delete(keep: (row: Row) => boolean, journal: Journal): void {
    for (const [key, row] of this.#rows) {
      if (!keep(row)) continue;
      this.#rows.delete(key);
      journal.push(() => this.#rows.set(key, row));
    }
  }
}
