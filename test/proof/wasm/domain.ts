// What a domain is to the interpreter. Values that are known need no domain (operations.ts): it is asked only where an operand, or
// a byte of memory, is not known. A domain with nothing unknown is the concrete one.
import type { Instruction } from "./decode.ts";
import type { Operation, Value } from "./operations.ts";

/** A value of which not every bit is known. */
export abstract class Unknown {
  abstract readonly kind: string;
}

/** An instruction in its place. */
export interface Site {
  readonly function: number;
  readonly at: number;
  readonly name: string;
  readonly immediates: readonly number[];
}

/** What the machine needs to know of a value: which way to go, where memory is accessed and how much of it, what to multiply. */
export type Need = "branch" | "select" | "address" | "length" | "target";

export interface Domain {
  /** The result of an instruction with an operand that is not known. */
  apply(site: Site, operation: Operation, operands: readonly (Value | Unknown)[]): Value | Unknown;
  /** The `bytes` bytes at `at` as i32 (up to 4 bytes, the others zero), i64 or v128, or nothing if all are known. */
  load(at: number, bytes: number): Unknown | undefined;
  /** The lowest `bytes` bytes of a value that is not known, to memory. */
  store(at: number, bytes: number, value: Unknown): void;
  /** Known bytes are about to be stored. */
  forget(at: number, bytes: number): void;
  copy(to: number, from: number, bytes: number): void;
  /** A value that the machine needs and that is not known: a finding, or a value that the domain may give away. */
  need(site: Site, need: Need, value: Unknown): Value;
  /** Sees what the machine needs where that is known: with `need`, all that an observer of the run's timing could learn. */
  known?(site: Site, need: Need, value: Value): void;
}

export const siteOf = (fn: number, at: number, { name, immediates }: Instruction): Site => ({
  function: fn,
  at,
  name,
  immediates,
});
