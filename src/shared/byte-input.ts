// Byte arrays from callers. Every array from outside is checked here first.
import { LanelockError, type LanelockErrorCode } from "../errors.ts";

/** Bytes that a caller passes or receives. */
export type Bytes = Uint8Array<ArrayBuffer>;

const typedArray: object = Object.getPrototypeOf(Uint8Array.prototype);

/** A getter that no subclass or own property can replace. On a value that is not a typed array, or not an ArrayBuffer, all of them
 * except the tag's throw a TypeError. Not wrapped in a closure, so that V8 compiles the call to a load. */
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

/** Whether the buffer behind an empty view was transferred away, or has shrunk from under it. */
function isOutOfBounds(view: unknown): boolean {
  try {
    Uint8Array.prototype.at.call(view, 0);
    return false;
  } catch {
    return true;
  }
}

// The errors are made outside the check: V8 copies only small functions into their callers, and every message passes there.

function notBytes(value: unknown, name: string, code: LanelockErrorCode): LanelockError {
  return new LanelockError(code, `${name} must be a Uint8Array, not ${value === null ? "null" : typeof value}`);
}

function sharedBytes(name: string): LanelockError {
  const reason = "another thread can change its bytes: pass a copy";
  return new LanelockError("ERR_BUFFER", `${name} is backed by a SharedArrayBuffer, and ${reason}`);
}

function lostBytes(name: string): LanelockError {
  return new LanelockError("ERR_BUFFER", `${name} has lost its buffer, which was transferred away or has shrunk`);
}

/** The buffer of a caller's bytes, once it is clear that they are bytes and not shared. */
function ownBuffer(value: unknown, name: string, code: LanelockErrorCode): ArrayBuffer {
  if (typeOf.call(value) !== "Uint8Array") throw notBytes(value, name, code);
  const buffer = bufferOf.call(value);
  try {
    // Throws unless it is an ArrayBuffer, of any realm, and not shared. `instanceof` and a tag may run code of the buffer's
    // own, which could change what was checked before; this runs none.
    sizeOf.call(buffer);
  } catch {
    throw sharedBytes(name);
  }
  return buffer;
}

/** The length of a caller's bytes that have an `ownBuffer`. */
function lengthIn(value: unknown, name: string): number {
  const length = lengthOf.call(value);
  if (length === 0 && isOutOfBounds(value)) throw lostBytes(name);
  return length;
}

/**
 * The length of a caller's bytes, which must be a Uint8Array, of any realm, over memory that only this thread can change.
 *
 * @throws LanelockError `code` for anything else, `ERR_BUFFER` for a buffer that is shared, detached or has shrunk
 */
export function checkBytes(value: unknown, name: string, code: LanelockErrorCode = "ERR_ARGUMENT"): number {
  ownBuffer(value, name, code);
  return lengthIn(value, name);
}

/**
 * The bytes that `checkBytes` accepted, or the first `length` of them, as a plain array. The caller's array may override its length
 * and methods: code that uses them after a check may get other values than those checked.
 */
export function plain(bytes: Uint8Array, length = lengthOf.call(bytes)): Bytes {
  return new Uint8Array(bufferOf.call(bytes), offsetOf.call(bytes), length);
}

/** A copy in memory of its own. `Buffer.prototype.slice` would not make one. */
export function copyOf(bytes: Uint8Array): Bytes {
  return new Uint8Array(bytes);
}

/**
 * A caller's bytes, as a plain array with the real length. The caller's array may override its length and methods: with a false
 * length, part of a result would not be written, and would show other memory.
 *
 * @throws LanelockError `ERR_ARGUMENT`, `ERR_BUFFER`
 */
export function callersBytes(value: unknown, name: string): Bytes {
  const buffer = ownBuffer(value, name, "ERR_ARGUMENT");
  const length = lengthIn(value, name);
  return new Uint8Array(buffer, offsetOf.call(value), length);
}

/**
 * The first `length` of a caller's bytes, as a plain array.
 *
 * @throws LanelockError `ERR_ARGUMENT`, `ERR_BUFFER` as {@link callersBytes}, or if there are fewer
 */
export function callersRoom(value: unknown, name: string, length: number): Bytes {
  const buffer = ownBuffer(value, name, "ERR_ARGUMENT");
  const room = lengthIn(value, name);
  if (room < length) throw tooSmall(name, room, length);
  return new Uint8Array(buffer, offsetOf.call(value), length);
}

function tooSmall(name: string, room: number, length: number): LanelockError {
  return new LanelockError("ERR_BUFFER", `${name} has ${room} bytes, but the result has ${length}`);
}
