import { allocate } from "../../engine/call.ts";
import { LanelockError } from "../../errors.ts";
import type { Bytes } from "../../shared/byte-input.ts";
import { fillRandom } from "../../shared/random.ts";

/**
 * Random bytes from the platform (Web Crypto's `getRandomValues`, or Node's): for keys and nonces.
 *
 * @param length any number of bytes, also beyond the 65,536 that `getRandomValues` takes
 * @throws LanelockError `ERR_ARGUMENT` unless `length` is a whole number from 0; `ERR_LIMIT` if the host has no memory for them;
 *   `ERR_UNSUPPORTED` if it has no source of them
 * @example
 * const key = randomBytes(32);
 */
export function randomBytes(length: number): Bytes {
  if (!Number.isSafeInteger(length) || length < 0) {
    const found = typeof length === "number" ? String(length) : `a value of type ${typeof length}`;
    throw new LanelockError("ERR_ARGUMENT", `length must be a whole number of bytes from 0, not ${found}`);
  }
  return fillRandom(allocate(length));
}
