import type { Bytes } from "../shared/byte-input.ts";

export interface Result {
  /** An address in the engine's memory. */
  at: number;
  length: number;
  /** Has `length` bytes. */
  into: Bytes | undefined;
}

/** A result in the engine's memory, copied out. */
export function taken(bytes: Bytes, { at, length, into }: Result): Bytes {
  if (into === undefined) return bytes.slice(at, at + length);
  into.set(bytes.subarray(at, at + length));
  return into;
}
