// What a caller passed as bytes. Everything that takes an array from outside begins here.
import { LanelockError, type LanelockErrorCode } from "../errors.ts";

/** Bytes that a caller passes in or takes out. */
export type Bytes = Uint8Array<ArrayBuffer>;

const typedArray: object = Object.getPrototypeOf(Uint8Array.prototype);

/** A getter that no subclass or own property can stand in for. Called on what is no typed array, or no ArrayBuffer, all but the
 * tag's throw a TypeError. Kept as it is, not in a closure of ours: V8 then compiles the call to a load. */
function genuine<T>(prototype: object, name: PropertyKey): (this: unknown) => T {
  const getter = Object.getOwnPropertyDescriptor(prototype, name)?.get;
  if (getter === undefined) throw new LanelockError("ERR_WASM", `This host's arrays have no ${String(name)}`);
  return getter;
}

const typeOf = genuine<string | undefined>(typedArray, Symbol.toStringTag);
const lengthOf = genuine<number>(typedArray, "length");
const offsetOf = genuine<number>(typedArray, "byteOffset");
const bufferOf = genuine<ArrayBuffer>(typedArray, "buffer");
const sizeOf = genuine<number>(ArrayBuffer.prototype, "byteLength");

/** Whether a typed array's buffer is an ArrayBuffer, of any realm, and not shared. Asked by the one thing that runs no code of the
 * buffer's own, as `instanceof` and a tag may: code that ran here could change what was checked before. */
function isUnshared(buffer: unknown): boolean {
  try {
    sizeOf.call(buffer);
    return true;
  } catch {
    return false;
  }
}

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
  if (!isUnshared(bufferOf.call(value))) {
    const reason = "another thread can change its bytes: pass a copy";
    throw new LanelockError("ERR_BUFFER", `${name} is backed by a SharedArrayBuffer, and ${reason}`);
  }
  if (length === 0 && isOutOfBounds(value)) {
    throw new LanelockError("ERR_BUFFER", `${name} has lost its buffer, which was transferred away or has shrunk`);
  }
  return length;
}

/**
 * The bytes that `checkBytes` let through, or the first `length` of them, in an array without any code of the caller's. An array's own
 * length and methods may be overridden: code that reads them after a check reads what was not checked.
 */
export function plain(bytes: Uint8Array, length = lengthOf.call(bytes)): Bytes {
  return new Uint8Array(bufferOf.call(bytes), offsetOf.call(bytes), length);
}

/** A copy in memory of its own. `Buffer.prototype.slice` would not make one. */
export function copyOf(bytes: Uint8Array): Bytes {
  return new Uint8Array(bytes);
}

/**
 * What a caller passed as bytes, in an array without any code of the caller's. A message is as long as what was passed really is: an
 * array's own length and methods may say otherwise, and where its result is not written to the end, other memory would show.
 *
 * @throws LanelockError `ERR_ARGUMENT`, `ERR_BUFFER`
 */
export function callersBytes(value: unknown, name: string): Bytes {
  const length = checkBytes(value, name);
  return plain(value as Uint8Array, length);
}
