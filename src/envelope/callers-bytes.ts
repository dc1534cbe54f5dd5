import { type Bytes, checkBytes, plain } from "../engine/arguments.ts";

/**
 * What a caller passed as bytes, in an array without any code of the caller's. A message is as long as what was passed really is: an
 * array's own length and methods may say otherwise, and where its result is not written to the end, other memory would show.
 *
 * @throws LanelockError `ERR_ARGUMENT`, `ERR_BUFFER`
 */
export function callersBytes(value: Uint8Array, name: string): Bytes {
  return plain(value, checkBytes(value, name));
}
