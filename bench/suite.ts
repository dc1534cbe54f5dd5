import type { Case } from "./case.ts";

/** A quantity that must not exceed a bound, regardless of the rivals. */
export interface Limit {
  readonly name: string;
  readonly unit: string;
  readonly atMost: number;
  readonly measure: () => Promise<number>;
}

/** Cases that are measured together, and what has to be closed after them. */
export interface Suite {
  readonly cases: readonly Case[];
  readonly limits?: readonly Limit[];
  readonly close: () => Promise<void>;
}
