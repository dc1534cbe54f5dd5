// What the ciphers of `lanelock/noble` share: noble's checks, in its words, and its rules for outputs.
import { LanelockError } from "../errors.ts";
import type { Bytes } from "../shared/byte-input.ts";

/** A cipher bound to a key and a nonce. It encrypts once. */
export interface Cipher {
  encrypt(plaintext: Uint8Array): Bytes;
  decrypt(ciphertext: Uint8Array): Bytes;
}

/** A cipher that also writes to an output of exactly the result's length, aligned to 4 bytes. */
export interface CipherWithOutput {
  encrypt(plaintext: Uint8Array, output?: Uint8Array): Bytes;
  decrypt(ciphertext: Uint8Array, output?: Uint8Array): Bytes;
}

export const BLOCK = 16;
export const TAG = 16;
export const NOTHING = new Uint8Array(0);

export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Uint8Array]";
}

interface Expectation {
  length?: number;
  title?: string;
}

export function checkBytes(value: unknown, { length, title }: Expectation = {}): asserts value is Uint8Array {
  if (isBytes(value) && (length === undefined || value.length === length)) return;
  const subject = title === undefined ? "" : `"${title}" `;
  const size = length === undefined ? "" : ` of length ${length}`;
  const got = isBytes(value) ? `length=${value.length}` : `type=${typeof value}`;
  const message = `${subject}expected Uint8Array${size}, got ${got}`;
  throw isBytes(value) ? new RangeError(message) : new TypeError(message);
}

export function checkKeyLength(key: Uint8Array): void {
  if (![16, 24, 32].includes(key.length)) {
    throw new Error(`"aes key" expected Uint8Array of length 16/24/32, got length=${key.length}`);
  }
}

export function isAligned(bytes: Uint8Array): boolean {
  return bytes.byteOffset % 4 === 0;
}

/** Whether two arrays share a byte. */
export function overlaps(a: Uint8Array, b: Uint8Array): boolean {
  return (
    a.length > 0 &&
    b.length > 0 &&
    a.buffer === b.buffer &&
    a.byteOffset < b.byteOffset + b.length &&
    b.byteOffset < a.byteOffset + a.length
  );
}

/** @throws Error if writing `output` from the front would overwrite input that is still to be read */
export function checkOutput(input: Uint8Array, output: Uint8Array, length: number): void {
  checkBytes(output, { length, title: "output" });
  if (!isAligned(output)) throw new Error("invalid output, must be aligned");
  if (overlaps(input, output) && input.byteOffset < output.byteOffset) {
    throw new Error("complex overlap of input and output is not supported");
  }
}

/** Lets a cipher encrypt only once. A failed attempt counts too. */
export function once(): () => void {
  let called = false;
  return () => {
    if (called) throw new Error("cannot encrypt() twice with same key + nonce");
    called = true;
  };
}

/** Uses a cipher object once and wipes its key. */
export function withKey<C extends { dispose(): void }>(cipher: C, use: (cipher: C) => Bytes): Bytes {
  try {
    return use(cipher);
  } finally {
    cipher.dispose();
  }
}

/** Whether other threads may share the memory. Checks the tag, which is the same in every realm. */
function isShared({ buffer }: Uint8Array): boolean {
  return Object.prototype.toString.call(buffer) === "[object SharedArrayBuffer]";
}

/** Calls `use` with the arrays. Arrays that other threads may change are replaced by copies, which are wiped afterwards: noble accepts
 * such arrays, the engine does not. */
export function unshared<T>(arrays: readonly Uint8Array[], use: (...arrays: Uint8Array[]) => T): T {
  const copies = arrays.map((bytes) => (isShared(bytes) ? new Uint8Array(bytes) : bytes));
  try {
    return use(...copies);
  } finally {
    for (const [index, copy] of copies.entries()) if (copy !== arrays[index]) copy.fill(0);
  }
}

/** Lets `write` write to the caller's output, if there is one, and returns that same array, as noble does: a Buffer stays a Buffer. */
export function toOutput(output: Uint8Array | undefined, write: (options: { into?: Uint8Array }) => Bytes): Bytes {
  if (output === undefined) return write({});
  let { length } = output;
  if (isShared(output)) {
    const result = write({});
    output.set(result);
    length = result.length;
    result.fill(0);
  } else {
    length = write({ into: output }).length;
  }
  // As noble's types have it, also for memory that is shared.
  return (length === output.length ? output : output.subarray(0, length)) as Bytes;
}

export function rejectAad(values: readonly unknown[]): void {
  if (values.some(isBytes)) throw new Error("AAD not supported");
}

/** An error with noble's message in place of ours if it has this code, or else the error itself. */
export function translated(error: unknown, code: string, message: string): unknown {
  return error instanceof LanelockError && error.code === code ? new Error(message, { cause: error }) : error;
}

/** For ciphers that take no output. */
export function rejectOutput(output: readonly unknown[]): void {
  if (output[0] !== undefined) throw new Error("cipher output not supported");
}

/** @throws Error if the ciphertext is too short to have a tag */
export function checkTagged(ciphertext: Uint8Array): void {
  if (ciphertext.length < TAG) throw new Error(`"ciphertext" expected length >= tagLength=${TAG}`);
}
