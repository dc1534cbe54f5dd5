// Which truth tables are sums of an S-box's outputs and of the bits of its input, found at once.
//
// A table less the affine function that agrees with it at 0 and at each single bit is its remainder. Two tables have one remainder if
// and only if they differ by an affine function. So the remainders of the 255 sums of an S-box's outputs are listed once.
import { parity, type TruthTables } from "./truth-tables.ts";

export interface Box {
  readonly name: string;
  readonly table: Uint8Array;
  /** The name of the inverse, where the standard has it. */
  readonly inverse?: string;
}

/** A table as the sum of `variables`, bits of the input, and of `outputs`, bits of an S-box applied to the input plus `constant`. */
export interface Substituted {
  readonly box: Box;
  readonly constant: number;
  readonly variables: number;
  readonly outputs: number;
  readonly sign: number;
}

/** What is left of a table, and the affine function that is taken from it: a sum of bits and a sign. */
interface Remainder {
  readonly table: number;
  readonly variables: number;
  readonly sign: number;
}

interface Sum {
  readonly box: Box;
  readonly constant: number;
  readonly outputs: number;
}

export class Substitutions {
  readonly #tables: TruthTables;
  readonly #sums = new Map<number, Sum[]>();
  readonly #listed = new Set<string>();
  /** What is known of tables: by far the most come again and again. */
  readonly #remainders = new Map<number, Remainder>();
  readonly #ways = new Map<number, Substituted[]>();

  constructor(tables: TruthTables) {
    this.#tables = tables;
  }

  #remainder(value: (byte: number) => number): Remainder {
    const sign = value(0);
    let variables = 0;
    for (let bit = 0; bit < 8; bit++) variables |= (value(1 << bit) ^ sign) << bit;
    const table = this.#tables.of((byte) => value(byte) ^ sign ^ parity(byte & variables)) >> 1;
    return { table, variables, sign };
  }

  /** Lists the sums of the outputs of an S-box on bytes plus a constant. */
  list(box: Box, constant: number): void {
    const key = `${box.name} ${constant}`;
    if (this.#listed.has(key)) return;
    this.#listed.add(key);
    this.#ways.clear();
    for (let outputs = 1; outputs < 256; outputs++) {
      const { table } = this.#remainder((byte) => parity(box.table[byte ^ constant]! & outputs));
      const sums = this.#sums.get(table) ?? [];
      this.#sums.set(table, sums);
      sums.push({ box, constant, outputs });
    }
  }

  #remainderOf(table: number): Remainder {
    let known = this.#remainders.get(table);
    if (!known) {
      known = this.#remainder((byte) => this.#tables.at(2 * table, byte));
      this.#remainders.set(table, known);
    }
    return known;
  }

  /** Every way in which a table is such a sum. The S-boxes and constants are those listed so far. */
  ways(table: number): readonly Substituted[] {
    let ways = this.#ways.get(table);
    if (!ways) {
      const whole = this.#remainderOf(table);
      ways = (this.#sums.get(whole.table) ?? []).map(({ box, constant, outputs }) => {
        const { variables, sign } = this.#remainder((byte) => parity(box.table[byte ^ constant]! & outputs));
        return { box, constant, outputs, variables: variables ^ whole.variables, sign: sign ^ whole.sign };
      });
      this.#ways.set(table, ways);
    }
    return ways;
  }

  /** The bits whose sum a table is, if it is affine; it is 0 at 0. */
  affine(table: number): number | undefined {
    const whole = this.#remainderOf(table);
    return whole.table === 0 ? whole.variables : undefined;
  }
}
