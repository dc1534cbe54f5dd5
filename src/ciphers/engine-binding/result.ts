import type { Engine } from "../../engine/load.ts";
import type { Bytes } from "../../shared/byte-input.ts";

/**
 * A result in the engine's memory, copied out.
 *
 * @param into has `length` bytes
 */
export function taken({ bytes, buffer }: Engine, at: number, length: number, into: Bytes | undefined): Bytes {
  if (into === undefined) return bytes.slice(at, at + length);
  // Cheaper than a subarray.
  into.set(new Uint8Array(buffer, at, length));
  return into;
}
