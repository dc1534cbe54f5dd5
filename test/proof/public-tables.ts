// What the program looks up in a table whose entries are public, as functions of the byte that the index depends on.
import type { TruthTables } from "./truth-tables.ts";

/** A table of bytes that the program looks up in. An index without an entry may give anything. */
export interface PublicTable {
  /** The same for tables with the same entries only. */
  readonly key: string;
  readonly entry: (index: number) => number | undefined;
}

export class PublicTables {
  readonly #tables: TruthTables;
  /** What was looked up before, by table and index. */
  readonly #known = new Map<string, readonly number[] | undefined>();

  constructor(tables: TruthTables) {
    this.#tables = tables;
  }

  /** The bits of what is looked up, as signed truth tables over the byte that the index's bits are tables over. */
  lookUp({ key, entry }: PublicTable, index: readonly number[]): readonly number[] | undefined {
    const whole = `${key} ${index}`;
    if (this.#known.has(whole)) return this.#known.get(whole);
    const at = (byte: number) => index.reduce((all, table, bit) => all | (this.#tables.at(table, byte) << bit), 0);
    const values = Array.from({ length: 256 }, (_, byte) => entry(at(byte)));
    const found = values.includes(undefined)
      ? undefined
      : index.map((_, bit) => this.#tables.of((byte) => (values[byte]! >> bit) & 1));
    this.#known.set(whole, found);
    return found;
  }
}
