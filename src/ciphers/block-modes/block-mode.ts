import { checkInto, checkOptions, readableWhileWriting } from "../../engine/arguments.ts";
import { allocate, enter, failed } from "../../engine/call.ts";
import type { Engine } from "../../engine/load.ts";
import { eachPart } from "../../engine/parts.ts";
import { LanelockError } from "../../errors.ts";
import { type Bytes, callersBytes, checkBytes } from "../../shared/byte-input.ts";
import { checkNames } from "../../shared/known-names.ts";
import { type Backend, type BackendOption, checkBackend } from "../native/backend.ts";
import type { NativeBlocks } from "../native/blocks.ts";
import { resultFor } from "../native/pieces.ts";

export interface IntoOption {
  /** Where to write the result instead of allocating. It may overlap the input at any offset. */
  into?: Uint8Array | undefined;
}

export interface PaddingOption {
  /** `"pkcs7"` (the default, RFC 5652 §6.3) takes data of any length; `"none"` takes whole blocks of 16 bytes. */
  padding?: "pkcs7" | "none" | undefined;
}

export type Padding = "pkcs7" | "none";

/** Bytes that one call of the engine takes: less than its IO holds, to leave space for padding. */
export const AT_ONCE = 32768;

const INTO_NAMES = ["into"];

/** The options of a key. Each is read once. */
export interface KeyOptions extends PaddingOption, BackendOption {}

export interface KeySettings {
  readonly padding: Padding;
  readonly backend: Backend;
}

/**
 * @param known the options that the mode and the cipher have
 * @throws LanelockError `ERR_ARGUMENT` for any other padding or backend, and for an option with any other name
 */
export function checkKeyOptions(options: KeyOptions = {}, known: readonly (keyof KeyOptions)[]): KeySettings {
  checkOptions(options);
  checkNames(options, known, "This mode");
  const { padding = "pkcs7", backend } = options;
  if (padding !== "pkcs7" && padding !== "none") {
    throw new LanelockError("ERR_ARGUMENT", `padding must be "pkcs7" or "none", not ${String(padding)}`);
  }
  return { padding, backend: checkBackend(backend) };
}

/** The `into` of the options, if there are any. @throws LanelockError `ERR_ARGUMENT` for an option with another name */
export function intoOf(options: IntoOption | undefined): Uint8Array | undefined {
  if (options === undefined) return undefined;
  checkOptions(options);
  for (const name in options) {
    // Compared inline, not by a list: every message passes here.
    if (name !== "into") checkNames(options, INTO_NAMES, "A message");
  }
  return options.into;
}

/** @throws LanelockError `ERR_NONCE` unless `block` has 16 bytes */
export function checkBlock(block: Uint8Array, name: string): void {
  const length = checkBytes(block, name);
  if (length !== 16) throw notOneBlock(name, length);
}

function notOneBlock(name: string, length: number): LanelockError {
  return new LanelockError("ERR_NONCE", `${name} has ${length} bytes, but must have 16`);
}

function checkWholeBlocks(data: Bytes, name: string): void {
  if (data.length % 16 !== 0) {
    throw new LanelockError("ERR_LENGTH", `${name} has ${data.length} bytes, which is not a multiple of 16`);
  }
}

/** The memory for the result: part of `into`, or a new array. */
function outputFor(length: number, into: Uint8Array | undefined): Bytes {
  return into === undefined ? allocate(length) : checkInto(into, length);
}

/** One direction of a mode under one key. */
export interface Direction {
  /** The IV or the first counter block: 16 bytes, copied to the engine's memory, where the mode updates it. None in ECB. */
  readonly first?: Uint8Array | undefined;
  /** Transforms `length` bytes at `at` in place, following the block at `chain`. A multiple of 16 in ECB and CBC. */
  readonly work: (chain: number, at: number, length: number) => void;
  /** For messages that are long enough for it. */
  readonly native?: NativeBlocks | undefined;
  /** Whether the result is plaintext, or may be: for node:crypto. */
  readonly decrypts?: boolean;
}

/** One call of the engine: `work` finds the first block in place. */
function inMode<T>({ first }: Direction, work: (host: Engine) => T): T {
  const host = enter();
  try {
    const { bytes, nonce: chain } = host;
    if (first !== undefined) bytes.set(first, chain);
    const result = work(host);
    if (first !== undefined) bytes.fill(0, chain, chain + 16);
    host.busy = false;
    return result;
  } catch (error) {
    throw failed(host, error);
  }
}

/** Transforms an input that fits in IO, where it may be padded. Leaves the result in IO and returns its length. All input is read
 * before anything is written, so input and output may overlap at any offset. */
function transformAtOnce(host: Engine, { work }: Direction, input: Bytes, padded: boolean): number {
  const { bytes, exports, io, nonce: chain } = host;
  bytes.set(input, io);
  const length = padded ? exports.pad(io, input.length) : input.length;
  if (length > 0) work(chain, io, length);
  return length;
}

/** node:crypto, if a message of `length` bytes goes to it. */
function nativeFor({ native, decrypts = false }: Direction, length: number): NativeBlocks | undefined {
  if (native === undefined) return undefined;
  const { encrypting, decrypting } = native.from;
  return length >= (decrypts ? decrypting : encrypting) ? native : undefined;
}

interface Transformation {
  /** Plain. */
  readonly input: Bytes;
  /** As long as the result: bytes beyond it are dropped. */
  readonly output: Bytes;
}

/** Transforms an input of any length, part by part. With `pad`, the rest after the last whole block is padded. */
function transformInParts(direction: Direction, { input, output }: Transformation, pad = false): Bytes {
  const whole = pad ? input.length - (input.length % 16) : input.length;
  const readable = readableWhileWriting(input, output);
  try {
    inMode(direction, (host) => {
      const { bytes, io, nonce: chain } = host;
      eachPart(host, readable.subarray(0, whole), (part, offset) => {
        direction.work(chain, io, part);
        const end = Math.min(part, output.length - offset);
        if (end > 0) output.set(bytes.subarray(io, io + end), offset);
      });
      if (!pad) return;
      const length = transformAtOnce(host, direction, readable.subarray(whole), true);
      output.set(bytes.subarray(io, io + length), whole);
      bytes.fill(0, io, io + length);
    });
  } finally {
    if (readable !== input) readable.fill(0);
  }
  return output;
}

/** Encrypts, or decrypts without padding. The result is as long as the input plus any padding that is added. */
function transformWith(direction: Direction, input: Bytes, into: Uint8Array | undefined, pad: boolean): Bytes {
  const outputLength = pad ? input.length - (input.length % 16) + 16 : input.length;
  const native = nativeFor(direction, input.length);
  if (native !== undefined) {
    const { first, decrypts = false } = direction;
    if (into === undefined && !pad) return native.transformed({ first, input, decrypts });
    const output = into === undefined ? resultFor(outputLength) : checkInto(into, outputLength);
    native.transform({ first, input, decrypts }, output);
    return output;
  }
  const output = outputFor(outputLength, into);
  if (input.length > AT_ONCE) return transformInParts(direction, { input, output }, pad);
  return inMode(direction, (host) => {
    const { bytes, io } = host;
    const length = transformAtOnce(host, direction, input, pad);
    output.set(bytes.subarray(io, io + length));
    bytes.fill(0, io, io + length + 16);
    return output;
  });
}

/** Transforms data of any length that `direction` takes; the result is as long. */
export function transform(direction: Direction, input: Bytes, into: Uint8Array | undefined): Bytes {
  return transformWith(direction, input, into, false);
}

interface Padded {
  readonly padding: Padding;
  readonly into: Uint8Array | undefined;
}

/** Encrypts, with padding or without. */
export function encryptPadded(direction: Direction, data: Uint8Array, { padding, into }: Padded): Bytes {
  const plaintext = callersBytes(data, "plaintext");
  if (padding === "none") checkWholeBlocks(plaintext, "plaintext");
  return transformWith(direction, plaintext, into, padding === "pkcs7");
}

function notPadded(): LanelockError {
  return new LanelockError("ERR_PADDING", "The padding is not valid: wrong key, or not what was encrypted");
}

/** Decrypts and removes padding, for input that fits in IO. */
function decryptAtOnce(direction: Direction, ciphertext: Bytes, into: Uint8Array | undefined): Bytes {
  const output = inMode(direction, (host) => {
    const { bytes, exports, io } = host;
    const length = transformAtOnce(host, direction, ciphertext, false);
    const padding = exports.paddingLength(io + length - 16);
    const result = padding === 0 ? undefined : outputFor(length - padding, into);
    result?.set(bytes.subarray(io, io + length - padding));
    bytes.fill(0, io, io + length + 16);
    return result;
  });
  if (output === undefined) throw notPadded();
  return output;
}

/** The number of padding bytes in the last block, which is decrypted alone. */
function paddingOf(direction: Direction, ciphertext: Bytes): number {
  const previous = ciphertext.length > 16 ? ciphertext.subarray(-32, -16) : direction.first;
  const last: Direction = { first: direction.first && previous, work: direction.work };
  return inMode(last, (host) => {
    const { bytes, exports, io } = host;
    transformAtOnce(host, last, ciphertext.subarray(-16), false);
    const padding = exports.paddingLength(io);
    bytes.fill(0, io, io + 32);
    return padding;
  });
}

/**
 * Decrypts and removes padding, which is checked before anything is released. Every invalid padding gets the same error.
 *
 * @param ciphertext checked, and plain
 */
export function decryptPadded(direction: Direction, ciphertext: Bytes, { padding, into }: Padded): Bytes {
  checkWholeBlocks(ciphertext, "ciphertext");
  const { length } = ciphertext;
  if (padding === "none") return transform(direction, ciphertext, into);
  if (length === 0) throw new LanelockError("ERR_LENGTH", "ciphertext is empty, but padded data has a block at least");
  const native = nativeFor(direction, length);
  if (length <= AT_ONCE && native === undefined) return decryptAtOnce(direction, ciphertext, into);
  const count = paddingOf(direction, ciphertext);
  if (count === 0) throw notPadded();
  const output = outputFor(length - count, into);
  if (native === undefined) return transformInParts(direction, { input: ciphertext, output });
  native.transform({ first: direction.first, input: ciphertext, decrypts: true }, output);
  return output;
}
