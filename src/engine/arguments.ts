// Arguments of callers are checked here once, before anything is written to the engine's memory.

import { LanelockError } from "../errors.ts";
import { type Bytes, callersRoom } from "../shared/byte-input.ts";
import { allocate } from "./call.ts";

/** The part of `into` that `length` bytes are written to. Refuses an `into` that is too small. */
export function checkInto(into: Uint8Array, length: number): Bytes {
  return callersRoom(into, "into", length);
}

/** Refuses options that are not an object: most likely an argument in the wrong place. */
export function checkOptions(options: unknown): void {
  if (options === undefined) return;
  if (typeof options !== "object" || options === null || ArrayBuffer.isView(options)) throw notOptions();
}

function notOptions(): LanelockError {
  return new LanelockError("ERR_ARGUMENT", "options must be an object, such as { aad } or { into }");
}

/**
 * `input`, or a copy of it if writing `into` from the front would overwrite bytes that were not read yet.
 * The caller wipes a copy. Both are plain.
 */
export function readableWhileWriting(input: Bytes, into: Bytes | undefined): Bytes {
  if (into === undefined || into.buffer !== input.buffer) return input;
  const ahead = into.byteOffset > input.byteOffset && into.byteOffset < input.byteOffset + input.length;
  if (!ahead) return input;
  const copy = allocate(input.length);
  copy.set(input);
  return copy;
}
