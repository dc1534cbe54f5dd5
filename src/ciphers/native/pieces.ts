// How messages go through a cipher object of node:crypto. It reads only the memory of arrays: no code of the caller's runs.
import { readableWhileWriting } from "../../engine/arguments.ts";
import { hostFailure } from "../../engine/call.ts";
import { type Bytes, plain } from "../../shared/byte-input.ts";
import type { NodeCipher } from "../../shared/node-crypto.ts";

/**
 * Bytes that go to node:crypto at a time if they are copied afterwards. It allocates memory for each result: new memory for a long
 * one costs more in page faults than encryption does, but that of a short one was used before, and is still in the processor's cache.
 */
export const PIECE = 131_072;

/** A longer result is not left to node:crypto to allocate: where there is no memory for it, Node would end the process. */
const MOST = 2 ** 22;

/** A result that the caller keeps is not zeroed first from this length on. */
const LONG = 65_536;

export interface Piecewise {
  readonly input: Uint8Array;
  /** The real length of `input`. */
  readonly length: number;
  /** It may overlap the input. What does not fit in it is dropped. */
  readonly output: Bytes;
  /** Whether memory that node:crypto allocates for results is wiped. */
  readonly secret: boolean;
}

/** Transforms all of `input` to `output`. */
export function transformPieces(cipher: NodeCipher, { input, length, output, secret }: Piecewise): void {
  if (length === 0) return;
  if (length <= PIECE) {
    put(cipher.update(input), output, secret);
    return;
  }
  const whole = plain(input, length);
  const readable = readableWhileWriting(whole, output);
  try {
    for (let at = 0; at < length; at += PIECE) {
      put(cipher.update(readable.subarray(at, at + PIECE)), output.subarray(at), secret);
    }
  } finally {
    if (readable !== whole) readable.fill(0);
  }
}

function put(piece: Uint8Array, output: Bytes, secret: boolean): void {
  output.set(piece.length <= output.length ? piece : piece.subarray(0, output.length));
  if (secret) piece.fill(0);
  giveBack(piece);
}

/** Moves a buffer's memory to a new buffer of `length` bytes, which has zeros at its end if it is longer. Node has it since 21. */
const transfer: ((this: ArrayBufferLike, length: number) => ArrayBuffer) | undefined = Object.getOwnPropertyDescriptor(
  ArrayBuffer.prototype,
  "transfer",
)?.value;

/** Whether a result of node:crypto has its buffer for itself. */
function ownsBuffer({ buffer, length }: Uint8Array): boolean {
  return buffer.byteLength === length;
}

/**
 * Frees the memory of a result that was copied, where the host can: the next result gets the same memory, which is in the
 * processor's cache. The collector would free it after many results.
 */
export function giveBack(result: Uint8Array): void {
  if (transfer !== undefined && ownsBuffer(result)) transfer.call(result.buffer, 0);
}

/** A result of node:crypto of `length` bytes in memory of its own, followed by `more` bytes for the caller to fill. */
export function extended(result: Uint8Array, length: number, more: number): Bytes {
  if (transfer !== undefined && ownsBuffer(result)) return new Uint8Array(transfer.call(result.buffer, length + more));
  const output = resultFor(length + more);
  output.set(result);
  return output;
}

/** Transforms all of `input`, which has `length` bytes, in memory that the cipher object allocates. */
export function transformWhole(cipher: NodeCipher, input: Uint8Array, length: number): Bytes {
  if (length <= MOST) return ownBytes(cipher.update(input));
  const output = resultFor(length);
  transformPieces(cipher, { input, length, output, secret: true });
  return output;
}

/** Whether node:crypto's memory is of this realm: in a test runner's it is not, and would fail `instanceof`. */
const ownRealm = globalThis.Buffer?.alloc?.(0).buffer instanceof ArrayBuffer;

/** A result of node:crypto as an array of this realm that shares its memory with nobody. */
export function ownBytes(result: Uint8Array): Bytes {
  const { buffer, length } = result;
  if (ownRealm && buffer instanceof ArrayBuffer && buffer.byteLength === length) return new Uint8Array(buffer);
  const copy = new Uint8Array(result);
  result.fill(0);
  return copy;
}

/**
 * Memory for a result that is overwritten completely.
 *
 * @throws LanelockError `ERR_LIMIT` if the host has none
 */
export function resultFor(length: number): Bytes {
  try {
    if (length < LONG || !ownRealm) return new Uint8Array(length);
    return new Uint8Array(globalThis.Buffer.allocUnsafeSlow(length).buffer, 0, length);
  } catch (error) {
    throw hostFailure(error);
  }
}
