import { checkInto, checkOptions, readableWhileWriting } from "../engine/arguments.ts";
import { engine } from "../engine/load.ts";
import { eachPart } from "../engine/parts.ts";
import { LanelockError } from "../errors.ts";
import { type Bytes, callersBytes, checkBytes, copyOf } from "../shared/byte-input.ts";

export interface IntoOption {
  /** Where to write the result instead of allocating. It may overlap the input at any offset. */
  into?: Uint8Array | undefined;
}

export interface PaddingOption {
  /** `"pkcs7"` (the default, RFC 5652 §6.3) takes data of any length; `"none"` takes whole blocks of 16 bytes. */
  padding?: "pkcs7" | "none" | undefined;
}

export type Padding = "pkcs7" | "none";

/** @throws LanelockError `ERR_ARGUMENT` for a padding that is none of the two */
export function checkPadding(options: PaddingOption | undefined): Padding {
  checkOptions(options);
  const { padding = "pkcs7" } = options ?? {};
  if (padding !== "pkcs7" && padding !== "none") {
    throw new LanelockError("ERR_ARGUMENT", `padding must be "pkcs7" or "none", not ${String(padding)}`);
  }
  return padding;
}

/** The `into` of the options, if there are any. */
export function intoOf(options: IntoOption | undefined): Uint8Array | undefined {
  checkOptions(options);
  return options?.into;
}

/** @throws LanelockError `ERR_NONCE` unless `block` has 16 bytes */
export function checkBlock(block: Uint8Array, name: string): void {
  const length = checkBytes(block, name);
  if (length !== 16) throw new LanelockError("ERR_NONCE", `${name} has ${length} bytes, but must have 16`);
}

function checkWholeBlocks(data: Bytes, name: string): void {
  if (data.length % 16 !== 0) {
    throw new LanelockError("ERR_LENGTH", `${name} has ${data.length} bytes, which is no multiple of 16`);
  }
}

/** Encrypts or decrypts `length` bytes at `at` in the engine's memory, in place; a multiple of 16 for ECB and CBC. */
export type Work = (at: number, length: number) => void;

interface Transformation {
  /** Plain. */
  input: Bytes;
  into: Uint8Array | undefined;
  /** Bytes of the result. */
  length: number;
  work: Work;
}

/** The result of `work` on all of the input; bytes it has beyond `length` are dropped. */
export function transform({ input, into, length, work }: Transformation): Bytes {
  const output = into === undefined ? new Uint8Array(length) : checkInto(into, length);
  const readable = readableWhileWriting(input, into && output);
  const { bytes, io } = engine();
  try {
    eachPart(readable, (part, offset) => {
      work(io, part);
      const end = Math.min(part, length - offset);
      if (end > 0) output.set(bytes.subarray(io, io + end), offset);
    });
  } finally {
    if (readable !== input) readable.fill(0);
  }
  return output;
}

/** Encrypts with padding, of which `work` sees nothing: the last block is padded where it stands. */
export function encryptPadded(data: Uint8Array, padding: Padding, into: Uint8Array | undefined, work: Work): Bytes {
  const plaintext = callersBytes(data, "plaintext");
  if (padding === "none") {
    checkWholeBlocks(plaintext, "plaintext");
    return transform({ input: plaintext, into, length: plaintext.length, work });
  }
  const { length } = plaintext;
  const whole = length - (length % 16);
  const output = into === undefined ? new Uint8Array(whole + 16) : checkInto(into, whole + 16);
  const rest = copyOf(plaintext.subarray(whole));
  if (whole > 0) transform({ input: plaintext.subarray(0, whole), into: output, length: whole, work });
  const { bytes, exports, io } = engine();
  bytes.set(rest, io);
  rest.fill(0);
  work(io, exports.pad(io, length - whole));
  output.set(bytes.subarray(io, io + 16), whole);
  bytes.fill(0, io, io + 16);
  return output;
}

interface PaddedCiphertext {
  /** Checked, and plain. */
  ciphertext: Bytes;
  padding: Padding;
  into: Uint8Array | undefined;
  /** Decrypts from the beginning of the ciphertext on. */
  work: Work;
  /** Decrypts the last block, of which padding is judged before anything is released. */
  lastBlock: Work;
}

/** Decrypts and removes padding; every padding that is none gets the same answer. */
export function decryptPadded({ ciphertext, padding, into, work, lastBlock }: PaddedCiphertext): Bytes {
  checkWholeBlocks(ciphertext, "ciphertext");
  const { length } = ciphertext;
  if (padding === "none") return transform({ input: ciphertext, into, length, work });
  if (length === 0) throw new LanelockError("ERR_LENGTH", "ciphertext is empty, but padded data has a block at least");
  const { bytes, exports, io } = engine();
  bytes.set(ciphertext.subarray(length - 16), io);
  lastBlock(io, 16);
  const padded = exports.paddingLength(io);
  bytes.fill(0, io, io + 16);
  if (padded === 0)
    throw new LanelockError("ERR_PADDING", "The padding is not valid: wrong key, or not what was encrypted");
  return transform({ input: ciphertext, into, length: length - padded, work });
}
