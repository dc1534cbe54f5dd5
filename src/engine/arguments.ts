// What callers pass is checked here once, before anything is written to the engine's memory.
import { LanelockError, type LanelockErrorCode } from "../errors.ts";

/** Bytes that a caller passes in or takes out. */
export type Bytes = Uint8Array<ArrayBuffer>;

const typedArray: object = Object.getPrototypeOf(Uint8Array.prototype);

/** A getter that no subclass or own property can stand in for. Called on what is no typed array, all but the tag's throw a
 * TypeError. Kept as it is, not in a closure of ours: V8 then compiles the call to a load. */
function genuine<T>(name: PropertyKey): (this: unknown) => T {
  const getter = Object.getOwnPropertyDescriptor(typedArray, name)?.get;
  if (getter === undefined) throw new LanelockError("ERR_WASM", `This host's typed arrays have no ${String(name)}`);
  return getter;
}

const typeOf = genuine<string | undefined>(Symbol.toStringTag);
const lengthOf = genuine<number>("length");
const bufferOf = genuine<ArrayBufferLike>("buffer");

/** Whether the buffer behind an empty view was transferred away, or has shrunk from under it. */
function isOutOfBounds(view: unknown): boolean {
  try {
    Uint8Array.prototype.at.call(view, 0);
    return false;
  } catch {
    return true;
  }
}

/**
 * The length of what a caller passed as bytes: a Uint8Array, of any realm, over memory that only this thread can change.
 *
 * @throws LanelockError `code` for anything else, `ERR_BUFFER` for a buffer that is shared, detached or has shrunk
 */
export function checkBytes(value: unknown, name: string, code: LanelockErrorCode = "ERR_ARGUMENT"): number {
  if (typeOf.call(value) !== "Uint8Array") {
    throw new LanelockError(code, `${name} must be a Uint8Array, not ${value === null ? "null" : typeof value}`);
  }
  const length = lengthOf.call(value);
  const buffer = bufferOf.call(value);
  if (!(buffer instanceof ArrayBuffer) && Object.prototype.toString.call(buffer) === "[object SharedArrayBuffer]") {
    const reason = "another thread can change its bytes: pass a copy";
    throw new LanelockError("ERR_BUFFER", `${name} is backed by a SharedArrayBuffer, and ${reason}`);
  }
  if (length === 0 && isOutOfBounds(value)) {
    throw new LanelockError("ERR_BUFFER", `${name} has lost its buffer, which was transferred away or has shrunk`);
  }
  return length;
}

/** Refuses an `into` that cannot take `length` bytes. */
export function checkInto(into: Uint8Array, length: number): void {
  const room = checkBytes(into, "into");
  if (room < length) throw new LanelockError("ERR_BUFFER", `into has ${room} bytes, but the result has ${length}`);
}

/** Refuses options that are no object: most likely an argument in the wrong place. */
export function checkOptions(options: unknown): void {
  if (options === undefined) return;
  if (typeof options !== "object" || options === null || ArrayBuffer.isView(options)) {
    throw new LanelockError("ERR_ARGUMENT", "options must be an object, such as { aad } or { into }");
  }
}

/** A copy in memory of its own. `Buffer.prototype.slice` would not make one. */
export function copyOf(bytes: Uint8Array): Bytes {
  return new Uint8Array(bytes);
}

/**
 * `input`, or a copy of it where writing `into` from the front would overwrite bytes of it that are still to be read.
 * The caller wipes a copy.
 */
export function readableWhileWriting(input: Uint8Array, into: Uint8Array | undefined): Uint8Array {
  if (into === undefined || into.buffer !== input.buffer) return input;
  const ahead = into.byteOffset > input.byteOffset && into.byteOffset < input.byteOffset + input.length;
  return ahead ? copyOf(input) : input;
}
