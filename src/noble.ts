/**
 * `gcm`, `cbc`, `ctr` and `ecb` with the signatures, results and errors of `@noble/ciphers/aes.js` 2.4: change one import.
 * The key is expanded at every call, as there; the objects of `lanelock` and `lanelock/unauthenticated` keep it expanded.
 *
 * @example
 * import { gcm } from "lanelock/noble";
 * const sealed = gcm(key, nonce, aad).encrypt(plaintext);
 *
 * @module
 */

import { Cbc } from "./ciphers/cbc.ts";
import { aes } from "./ciphers/cipher-engine.ts";
import { Ctr } from "./ciphers/ctr.ts";
import { Ecb } from "./ciphers/ecb.ts";
import { Gcm } from "./ciphers/gcm.ts";
import { nativeAesCbc, nativeAesCtr, nativeAesEcb } from "./ciphers/native/blocks.ts";
import { nativeAesGcm } from "./ciphers/native/gcm.ts";
import { LanelockError } from "./errors.ts";
import type { Bytes } from "./shared/byte-input.ts";

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

export interface BlockOpts {
  /** Take whole blocks only instead of padding (PKCS#7). */
  disablePadding?: boolean;
}

const BLOCK = 16;
const TAG = 16;
const NOTHING = new Uint8Array(0);

function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Uint8Array]";
}

interface Expectation {
  length?: number;
  title?: string;
}

function checkBytes(value: unknown, { length, title }: Expectation = {}): asserts value is Uint8Array {
  if (isBytes(value) && (length === undefined || value.length === length)) return;
  const subject = title === undefined ? "" : `"${title}" `;
  const size = length === undefined ? "" : ` of length ${length}`;
  const got = isBytes(value) ? `length=${value.length}` : `type=${typeof value}`;
  const message = `${subject}expected Uint8Array${size}, got ${got}`;
  throw isBytes(value) ? new RangeError(message) : new TypeError(message);
}

function checkKeyLength(key: Uint8Array): void {
  if (![16, 24, 32].includes(key.length)) {
    throw new Error(`"aes key" expected Uint8Array of length 16/24/32, got length=${key.length}`);
  }
}

function isAligned(bytes: Uint8Array): boolean {
  return bytes.byteOffset % 4 === 0;
}

/** @throws Error if writing `output` from the front would overwrite input that is still to be read */
function checkOutput(input: Uint8Array, output: Uint8Array, length: number): void {
  checkBytes(output, { length, title: "output" });
  if (!isAligned(output)) throw new Error("invalid output, must be aligned");
  const overlaps =
    input.length > 0 &&
    output.length > 0 &&
    input.buffer === output.buffer &&
    input.byteOffset < output.byteOffset + output.length &&
    output.byteOffset < input.byteOffset + input.length;
  if (overlaps && input.byteOffset < output.byteOffset) {
    throw new Error("complex overlap of input and output is not supported");
  }
}

/** Lets a cipher encrypt only once. A failed attempt counts too. */
function once(): () => void {
  let called = false;
  return () => {
    if (called) throw new Error("cannot encrypt() twice with same key + nonce");
    called = true;
  };
}

/** Uses a cipher object once and wipes its key. */
function withKey<C extends { dispose(): void }>(cipher: C, use: (cipher: C) => Bytes): Bytes {
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
function unshared(arrays: readonly Uint8Array[], use: (...arrays: Uint8Array[]) => Bytes): Bytes {
  const copies = arrays.map((bytes) => (isShared(bytes) ? new Uint8Array(bytes) : bytes));
  try {
    return use(...copies);
  } finally {
    for (const [index, copy] of copies.entries()) if (copy !== arrays[index]) copy.fill(0);
  }
}

/** Lets `write` write to the caller's output, if there is one, and returns that same array, as noble does: a Buffer stays a Buffer. */
function toOutput(output: Uint8Array | undefined, write: (options: { into?: Uint8Array }) => Bytes): Bytes {
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

function rejectAad(values: readonly unknown[]): void {
  if (values.some(isBytes)) throw new Error("AAD not supported");
}

/** An error with noble's message in place of ours if it has this code, or else the error itself. */
function translated(error: unknown, code: string, message: string): unknown {
  return error instanceof LanelockError && error.code === code ? new Error(message, { cause: error }) : error;
}

function aesGcm(key: Uint8Array, nonce: Uint8Array, AAD?: Uint8Array): Cipher {
  checkBytes(key, { title: "key" });
  checkBytes(nonce, { title: "nonce" });
  if (AAD !== undefined) checkBytes(AAD, { title: "AAD" });
  if (nonce.length < 8) throw new Error("aes/gcm: invalid nonce length");
  const rest = [key, nonce, AAD ?? NOTHING];
  const checkOnce = once();
  const prepare = (output: unknown[]) => {
    if (output[0] !== undefined) throw new Error("cipher output not supported");
    checkKeyLength(key);
  };
  return {
    encrypt(plaintext, ...output: unknown[]) {
      checkOnce();
      checkBytes(plaintext, { title: "data" });
      prepare(output);
      return unshared([plaintext, ...rest], (data, k, n, aad) =>
        withKey(new Gcm(aes(), k, undefined, nativeAesGcm), (aead) => aead.seal(n, data, { aad })),
      );
    },
    decrypt(ciphertext, ...output: unknown[]) {
      checkBytes(ciphertext, { title: "data" });
      if (ciphertext.length < TAG) throw new Error(`"ciphertext" expected length >= tagLength=${TAG}`);
      try {
        prepare(output);
        return unshared([ciphertext, ...rest], (data, k, n, aad) =>
          withKey(new Gcm(aes(), k, undefined, nativeAesGcm), (aead) => aead.open(n, data, { aad })),
        );
      } catch (error) {
        throw translated(error, "ERR_AUTHENTICATION", "aes-gcm: invalid tag");
      }
    },
  };
}

function aesCtr(key: Uint8Array, nonce: Uint8Array, ...rest: unknown[]): CipherWithOutput {
  checkBytes(key, { title: "key" });
  checkBytes(nonce, { length: BLOCK, title: "nonce" });
  rejectAad(rest);
  const checkOnce = once();
  const add = (data: Uint8Array, output: Uint8Array | undefined) => {
    checkBytes(data, { title: "data" });
    if (output !== undefined) {
      checkBytes(output, { title: "output" });
      if (!isAligned(output)) throw new Error("unaligned destination");
    }
    checkKeyLength(key);
    // Noble copies an input that is not aligned before it looks for overlap, so then any overlap is fine.
    if (output !== undefined) checkOutput(isAligned(data) ? data : NOTHING, output, data.length);
    return unshared([data, key, nonce], (input, k, n) =>
      toOutput(output, (options) =>
        withKey(new Ctr(aes(), k, undefined, nativeAesCtr), (ctr) => ctr.encrypt(n, input, options)),
      ),
    );
  };
  return {
    encrypt(plaintext, output) {
      checkOnce();
      return add(plaintext, output);
    },
    decrypt: add,
  };
}

/** ECB or CBC with its IV bound. */
interface BlockCipher {
  encrypt(data: Uint8Array, options: { into?: Uint8Array }): Bytes;
  decrypt(data: Uint8Array, options: { into?: Uint8Array }): Bytes;
  dispose(): void;
}

/** What ECB and CBC have in common: padding, and an output of exactly the length that goes through the cipher. */
function blockMode(key: Uint8Array, padded: boolean, make: (key: Uint8Array) => BlockCipher): CipherWithOutput {
  const checkOnce = once();
  return {
    encrypt(plaintext, output) {
      checkOnce();
      checkBytes(plaintext, { title: "data" });
      if (output !== undefined) checkBytes(output, { title: "output" });
      const rest = plaintext.length % BLOCK;
      if (!padded && rest !== 0) throw new Error(`plaintext must be multiple of ${BLOCK}`);
      if (output !== undefined) checkOutput(plaintext, output, plaintext.length + (padded ? BLOCK - rest : 0));
      checkKeyLength(key);
      return unshared([plaintext, key], (data, k) =>
        toOutput(output, (options) => withKey(make(k), (cipher) => cipher.encrypt(data, options))),
      );
    },
    decrypt(ciphertext, output) {
      checkBytes(ciphertext, { title: "data" });
      if (output !== undefined) checkBytes(output, { title: "output" });
      if (ciphertext.length % BLOCK !== 0) throw new Error(`ciphertext must be multiple of ${BLOCK}`);
      if (output !== undefined) checkOutput(ciphertext, output, ciphertext.length);
      checkKeyLength(key);
      if (padded && ciphertext.length === 0) throw new Error("pkcs7: empty ciphertext not allowed");
      try {
        return unshared([ciphertext, key], (data, k) =>
          toOutput(output, (options) => withKey(make(k), (cipher) => cipher.decrypt(data, options))),
        );
      } catch (error) {
        throw translated(error, "ERR_PADDING", "aes: bad decrypt");
      }
    },
  };
}

function paddingOf(opts: BlockOpts): "pkcs7" | "none" {
  return opts.disablePadding ? "none" : "pkcs7";
}

function aesEcb(key: Uint8Array, opts: BlockOpts = {}, ...rest: unknown[]): CipherWithOutput {
  checkBytes(key, { title: "key" });
  rejectAad([opts, ...rest]);
  return blockMode(key, !opts.disablePadding, (k) => new Ecb(aes(), k, { padding: paddingOf(opts) }, nativeAesEcb));
}

function aesCbc(key: Uint8Array, iv: Uint8Array, opts: BlockOpts = {}, ...rest: unknown[]): CipherWithOutput {
  checkBytes(key, { title: "key" });
  checkBytes(iv, { length: BLOCK, title: "nonce" });
  rejectAad([opts, ...rest]);
  return blockMode(key, !opts.disablePadding, (k) => {
    const cbc = new Cbc(aes(), k, { padding: paddingOf(opts) }, nativeAesCbc);
    return {
      encrypt: (data, options) => unshared([iv], (first) => cbc.encrypt(first, data, options)),
      decrypt: (data, options) => unshared([iv], (first) => cbc.decrypt(first, data, options)),
      dispose: () => cbc.dispose(),
    };
  });
}

/** AES-GCM: nonce of 8 bytes or more, tag of 16 bytes behind the ciphertext. */
export const gcm = Object.assign(aesGcm, {
  blockSize: BLOCK,
  nonceLength: 12,
  tagLength: TAG,
  withAAD: true as const,
  varSizeNonce: true as const,
});
/** AES-CTR: the nonce is the first counter block of 16 bytes. */
export const ctr = Object.assign(aesCtr, { blockSize: BLOCK, nonceLength: BLOCK });
/** AES-CBC, padded unless `disablePadding` is set. */
export const cbc = Object.assign(aesCbc, { blockSize: BLOCK, nonceLength: BLOCK });
/** AES-ECB, padded unless `disablePadding` is set. */
export const ecb = Object.assign(aesEcb, { blockSize: BLOCK });
