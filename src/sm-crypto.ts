/**
 * `sm4` with the options, encodings and results of `sm-crypto-v2` 1.15: change one import. Code for `sm-crypto` 0.5 runs too, but gets its
 * `output: "array"` as a Uint8Array, not as a list of numbers, and CBC without an IV is no error.
 *
 * It refuses, with an error, what those answer with wrong bytes: GCM without a tag, text that is not hexadecimal, data that is not whole
 * blocks where there is no padding, any padding but PKCS#7, and modes that they would take for ECB. ECB is the default and CBC's IV
 * is zeros unless given, as there; neither authenticates.
 *
 * @example
 * import { sm4 } from "lanelock/sm-crypto";
 * const ciphertext = sm4.encrypt("text", "0123456789abcdeffedcba9876543210", { mode: "cbc", iv });
 *
 * @module
 */
import { Cbc } from "./ciphers/block-modes/cbc.ts";
import { Ecb } from "./ciphers/block-modes/ecb.ts";
import { sm4 as engineSm4 } from "./ciphers/engine-binding/cipher-engine.ts";
import { Gcm } from "./ciphers/gcm/gcm.ts";
import { LanelockError, type LanelockErrorCode } from "./errors.ts";
import { type Bytes, callersBytes } from "./shared/byte-input.ts";
import { toHex } from "./shared/encoding.ts";
import { lenientText } from "./shared/lenient-text.ts";
import { encodeUtf8 } from "./shared/utf8.ts";

export { LanelockError, type LanelockErrorCode } from "./errors.ts";

/** Bytes, or their hexadecimal text. A key has 16 bytes. */
export type HexOrBytes = string | Uint8Array | readonly number[];

export interface Sm4Options {
  /** `"pkcs#7"` by default; `"pkcs#5"` is the same. Without padding the data must be whole blocks of 16 bytes. */
  padding?: "pkcs#7" | "pkcs#5" | "none" | null | undefined;
  /** `"ecb"` by default. */
  mode?: "cbc" | "ecb" | "gcm" | undefined;
  /** 16 bytes in CBC, 1 or more in GCM; zeros by default. Never use one twice with the same key. */
  iv?: HexOrBytes | undefined;
  /** `"string"` by default: ciphertext as hexadecimal text, plaintext as text. */
  output?: "string" | "array" | undefined;
  /** Additional data, in GCM. */
  associatedData?: HexOrBytes | undefined;
  /** In GCM with `output: "array"`: whether `encrypt` returns the tag as well. With text it always does. */
  outputTag?: boolean | undefined;
  /** The tag of 16 bytes, which `decrypt` needs in GCM. */
  tag?: HexOrBytes | undefined;
}

/** What `encrypt` returns in GCM. */
export interface GcmResult<T = Uint8Array | string> {
  output: T;
  tag?: T;
}

const BLOCK = 16;

function refuse(code: LanelockErrorCode, message: string, cause?: unknown): LanelockError {
  return new LanelockError(code, message, cause === undefined ? undefined : { cause });
}

/** A list of numbers as bytes, which is what `sm-crypto` calls an array. */
function listedBytes(list: readonly unknown[], name: string): Bytes {
  const bytes: number[] = [];
  for (const value of list) {
    if (!Number.isInteger(value) || Number(value) < 0 || Number(value) > 255) {
      throw refuse("ERR_ARGUMENT", `${name} has an element that is not a byte from 0 to 255`);
    }
    bytes.push(Number(value));
  }
  return Uint8Array.from(bytes);
}

/** Hexadecimal text as bytes; a missing first digit is 0, as there. */
function hexBytes(text: string, name: string, code: LanelockErrorCode): Bytes {
  if (!/^[0-9a-f]*$/i.test(text)) throw refuse(code, `${name} is invalid: it has characters that are not hexadecimal`);
  const digits = text.length % 2 === 0 ? text : `0${text}`;
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** A copy of a caller's bytes, which may come as hexadecimal text. */
function bytesOf(value: unknown, name: string, code: LanelockErrorCode = "ERR_ARGUMENT"): Bytes {
  if (typeof value === "string") return hexBytes(value, name, code);
  if (Array.isArray(value)) return listedBytes(value, name);
  return Uint8Array.from(callersBytes(value, name));
}

/** A text to encrypt. @throws LanelockError `ERR_ARGUMENT` for a lone surrogate, which UTF-8 does not have */
function textBytes(text: string): Bytes {
  if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text)) {
    throw refuse("ERR_ARGUMENT", "input is not supported: the text has a lone surrogate");
  }
  // Test environments hide the encoder.
  return Uint8Array.from(typeof TextEncoder === "undefined" ? encodeUtf8(text) : new TextEncoder().encode(text));
}

/** Uses a cipher once, and wipes its key. */
function withCipher<C extends { dispose(): void }>(cipher: C, use: (cipher: C) => Bytes): Bytes {
  try {
    return use(cipher);
  } finally {
    cipher.dispose();
  }
}

function keyOf(key: unknown): Bytes {
  const bytes = bytesOf(key, "key", "ERR_KEY");
  if (bytes.length !== BLOCK) throw refuse("ERR_KEY", `key is invalid: it has ${bytes.length} bytes, but must have 16`);
  return bytes;
}

/** `sm-crypto` takes any other mode for ECB. */
function modeOf(mode: unknown): "cbc" | "ecb" | "gcm" {
  if (mode === undefined || mode === null) return "ecb";
  if (mode === "cbc" || mode === "ecb" || mode === "gcm") return mode;
  throw refuse("ERR_ARGUMENT", `mode must be "ecb", "cbc" or "gcm", not ${String(mode)}`);
}

function isPadded(padding: unknown): boolean {
  if (padding === "pkcs#7" || padding === "pkcs#5") return true;
  if (padding === "none" || padding === null) return false;
  throw refuse("ERR_ARGUMENT", `padding must be "pkcs#7", "pkcs#5" or "none", not ${String(padding)}`);
}

/** The IV, zeros if the option is not there. Null is refused, as there: it may come from a search that found nothing. */
function ivOf(iv: unknown): Bytes {
  return iv === undefined ? new Uint8Array(BLOCK) : bytesOf(iv, "iv", "ERR_NONCE");
}

/** ECB or CBC on whole blocks or, when encrypting with padding, on any bytes. */
function blocks(data: Bytes, key: Bytes, encrypts: boolean, { padding = "pkcs#7", mode, iv }: Sm4Options): Bytes {
  const chain = mode === "cbc" ? ivOf(iv) : undefined;
  if (chain !== undefined && chain.length !== BLOCK) {
    throw refuse("ERR_NONCE", `iv is invalid: it has ${chain.length} bytes, but must have 16`);
  }
  const padded = isPadded(padding);
  if (!encrypts && padded && data.length === 0) return data;
  const options = { padding: padded ? "pkcs7" : "none" } as const;
  try {
    if (chain === undefined) {
      return withCipher(new Ecb(engineSm4(), key, options), (ecb) =>
        encrypts ? ecb.encrypt(data) : ecb.decrypt(data),
      );
    }
    return withCipher(new Cbc(engineSm4(), key, options), (cbc) =>
      encrypts ? cbc.encrypt(chain, data) : cbc.decrypt(chain, data),
    );
  } catch (error) {
    if (error instanceof LanelockError && error.code === "ERR_PADDING") {
      throw refuse("ERR_PADDING", "padding is invalid: wrong key, or not what was encrypted", error);
    }
    throw error;
  }
}

interface GcmArguments {
  readonly iv: Bytes;
  readonly aad: Bytes;
  /** As the caller gave it. */
  readonly tag: unknown;
}

function gcmArguments({ iv, associatedData, tag }: Sm4Options): GcmArguments {
  const nonce = ivOf(iv);
  if (nonce.length === 0) throw refuse("ERR_NONCE", "iv is invalid: it has no bytes");
  return { iv: nonce, aad: bytesOf(associatedData || new Uint8Array(0), "associatedData"), tag };
}

/** Ciphertext ‖ tag. */
function sealGcm(data: Bytes, key: Bytes, { iv, aad }: GcmArguments): Bytes {
  return withCipher(new Gcm(engineSm4(), key), (gcm) => gcm.seal(iv, data, { aad }));
}

function openGcm(data: Bytes, key: Bytes, { iv, aad, tag }: GcmArguments): Bytes {
  if (tag === undefined || tag === null || tag === "") {
    throw refuse("ERR_ARGUMENT", "tag is missing: lanelock never decrypts GCM without the tag that encrypt returned");
  }
  const expected = bytesOf(tag, "tag");
  if (expected.length !== BLOCK)
    throw refuse("ERR_AUTHENTICATION", "authentication tag mismatch: it must have 16 bytes");
  const sealed = new Uint8Array(data.length + BLOCK);
  sealed.set(data);
  sealed.set(expected, data.length);
  try {
    return withCipher(new Gcm(engineSm4(), key), (gcm) => gcm.open(iv, sealed, { aad }));
  } catch (error) {
    if (error instanceof LanelockError && error.code === "ERR_AUTHENTICATION") {
      throw refuse("ERR_AUTHENTICATION", "authentication tag mismatch", error);
    }
    throw error;
  }
}

type Result = string | Bytes | GcmResult<Bytes> | { output: string; tag: string };

function encryptWith(data: HexOrBytes, key: HexOrBytes, options: Sm4Options): Result {
  const mode = modeOf(options.mode);
  const gcm = mode === "gcm" ? gcmArguments(options) : undefined;
  const keyBytes = keyOf(key);
  const plaintext = typeof data === "string" ? textBytes(data) : bytesOf(data, "data");
  const asBytes = options.output === "array";
  try {
    if (gcm === undefined) {
      const ciphertext = blocks(plaintext, keyBytes, true, { ...options, mode });
      return asBytes ? ciphertext : toHex(ciphertext);
    }
    const sealed = sealGcm(plaintext, keyBytes, gcm);
    const [output, tag] = [sealed.slice(0, -BLOCK), sealed.slice(-BLOCK)];
    if (!asBytes) return { output: toHex(output), tag: toHex(tag) };
    return options.outputTag ? { output, tag } : output;
  } finally {
    keyBytes.fill(0);
    plaintext.fill(0);
  }
}

function decryptWith(data: HexOrBytes, key: HexOrBytes, options: Sm4Options): string | Bytes {
  const mode = modeOf(options.mode);
  const gcm = mode === "gcm" ? gcmArguments(options) : undefined;
  const keyBytes = keyOf(key);
  const ciphertext = bytesOf(data, "data");
  try {
    const plaintext =
      gcm === undefined
        ? blocks(ciphertext, keyBytes, false, { ...options, mode })
        : openGcm(ciphertext, keyBytes, gcm);
    if (options.output === "array") return plaintext;
    const text = lenientText(plaintext);
    plaintext.fill(0);
    return text;
  } finally {
    keyBytes.fill(0);
  }
}

/** The options, each of them read once. */
function read(options: Sm4Options | undefined): Sm4Options {
  if (options === undefined) return {};
  if (typeof options !== "object" || options === null) {
    throw refuse("ERR_ARGUMENT", 'options must be an object, such as { mode: "cbc", iv }');
  }
  const { padding, mode, iv, output, associatedData, outputTag, tag } = options;
  return { padding, mode, iv, output, associatedData, outputTag, tag };
}

/**
 * Encrypts text or bytes.
 *
 * @param data text, which is encoded as UTF-8, or bytes
 * @param key 16 bytes, or their hexadecimal text
 * @returns hexadecimal text; bytes with `output: "array"`; in GCM `{ output, tag }`
 * @throws LanelockError `ERR_KEY`, `ERR_NONCE`, `ERR_LENGTH`, `ERR_ARGUMENT`, `ERR_BUFFER`, `ERR_LIMIT`
 */
function encrypt(
  data: HexOrBytes,
  key: HexOrBytes,
  options: { mode: "gcm"; output: "array" } & Sm4Options,
): GcmResult<Bytes>;
function encrypt(
  data: HexOrBytes,
  key: HexOrBytes,
  options: { mode: "gcm"; output?: "string" } & Sm4Options,
): GcmResult<string>;
function encrypt(data: HexOrBytes, key: HexOrBytes, options?: { output: "array" } & Sm4Options): Bytes;
function encrypt(data: HexOrBytes, key: HexOrBytes, options?: { output?: "string" } & Sm4Options): string;
function encrypt(data: HexOrBytes, key: HexOrBytes, options?: Sm4Options): Result | GcmResult<string> {
  return encryptWith(data, key, read(options));
}

/**
 * Decrypts what `encrypt` returned.
 *
 * @param data ciphertext as hexadecimal text or bytes
 * @param key 16 bytes, or their hexadecimal text
 * @returns text; bytes with `output: "array"`
 * @throws LanelockError `ERR_PADDING` if the padding is not valid; `ERR_AUTHENTICATION` if GCM's tag is wrong; otherwise as `encrypt`
 */
function decrypt(data: HexOrBytes, key: HexOrBytes, options?: { output: "array" } & Sm4Options): Bytes;
function decrypt(data: HexOrBytes, key: HexOrBytes, options?: { output?: "string" } & Sm4Options): string;
function decrypt(data: HexOrBytes, key: HexOrBytes, options?: Sm4Options): string | Bytes {
  return decryptWith(data, key, read(options));
}

/** Encrypts with `cryptFlag` 1, decrypts with 0. */
function crypt(data: HexOrBytes, key: HexOrBytes, cryptFlag: 0 | 1, options?: Sm4Options): Result {
  return cryptFlag === 0 ? decryptWith(data, key, read(options)) : encryptWith(data, key, read(options));
}

/** SM4 (GB/T 32907-2016) in ECB, CBC and GCM. */
export const sm4 = { encrypt, decrypt, sm4: crypt };
