import { concatBytes, lengthPrefixed } from "../../shared/encoding.ts";
import { sha256, sha256OfText } from "../../shared/hash/sha256.ts";
import { MAX_CONTEXT_CHARACTERS } from "../policy/limits.ts";
import { invalidParameter } from "../ports/errors.ts";

/** A string map that is authenticated with the ciphertext and never stored: Decrypt succeeds only with an equal one. */
export type EncryptionContext = Readonly<Record<string, string>>;

/** An encoded context: the AAD of the ciphertext. One object per context while it is cached. */
export interface ContextBinding {
  /** SHA-256 of the encoded context, 32 bytes. Shared; never handed to callers. */
  readonly aad: Uint8Array;
  /** The audit log's keyed digest of it, computed on first use. */
  digest?: string;
}

const LONE_SURROGATE = /\p{Surrogate}/u;
/** The largest number of characters JSON can make of one (`\u0000`), so that most contexts need no measuring. */
const JSON_EXPANSION = 6;

/** Calls come in bursts with the same context. A larger cache costs more than it saves. */
const remembered = new Map<string, ContextBinding>();
const MAX_REMEMBERED = 32;
const MAX_REMEMBERED_LENGTH = 256;

/**
 * The binding of an encryption context; `undefined` for none (an absent context and `{}` are the same).
 *
 * Alibaba's encoding is `k1=v1&k2=v2…`, sorted by UTF-8 bytes, unescaped. Where that is ambiguous (a key with `=`, `&` or
 * NUL, a value with `&`) the encoding is `0x00 ‖ u32be count ‖ (u32be length ‖ key ‖ u32be length ‖ value)*` instead. No
 * text of the first form begins with NUL, so the whole is injective.
 */
export function bindContext(context: unknown, parameter = "EncryptionContext"): ContextBinding | undefined {
  if (context === undefined || context === null) return undefined;
  const pairs = checkedPairs(context, parameter);
  if (pairs.length === 0) return undefined;
  if (pairs.length > 1) pairs.sort((a, b) => compareUtf8(a[0], b[0]));
  if (pairs.some(isAmbiguous)) return { aad: sha256(unambiguous(pairs)) };
  let text = "";
  for (const [key, value] of pairs) text += text === "" ? `${key}=${value}` : `&${key}=${value}`;
  const known = remembered.get(text);
  if (known) return known;
  const binding = { aad: sha256OfText(text) };
  if (text.length <= MAX_REMEMBERED_LENGTH) remember(text, binding);
  return binding;
}

/** A copy of a context, every value read once. @throws KmsError `InvalidParameter` for anything but an object of strings */
export function copyOfContext(context: unknown, parameter = "EncryptionContext"): EncryptionContext | undefined {
  return context === undefined || context === null ? undefined : Object.fromEntries(checkedPairs(context, parameter));
}

/**
 * SHA-256 of a context in the encoding that is unambiguous for every one, 32 bytes: for formats of our own. `undefined` for no
 * context.
 */
export function contextDigest(context: unknown, parameter = "EncryptionContext"): Uint8Array | undefined {
  if (context === undefined || context === null) return undefined;
  const pairs = checkedPairs(context, parameter).sort((a, b) => compareUtf8(a[0], b[0]));
  return pairs.length === 0 ? undefined : sha256(unambiguous(pairs));
}

function unambiguous(sorted: readonly [string, string][]): Uint8Array {
  const count = new Uint8Array(5);
  new DataView(count.buffer).setUint32(1, sorted.length);
  return concatBytes(count, lengthPrefixed(sorted.flat()));
}

function remember(text: string, binding: ContextBinding): void {
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(text, binding);
}

function isAmbiguous([key, value]: readonly [string, string]): boolean {
  return key.includes("=") || key.includes("&") || key.includes("\0") || value.includes("&");
}

function checkedPairs(context: unknown, parameter: string): [string, string][] {
  if (!isPlainObject(context)) throw invalidParameter(parameter, "It must be an object of strings.");
  const pairs: [string, string][] = [];
  let characters = 2;
  for (const key of Object.keys(context)) {
    const value = context[key];
    if (typeof value !== "string") throw invalidParameter(parameter, "Its values must be strings.");
    if (LONE_SURROGATE.test(key) || LONE_SURROGATE.test(value)) {
      throw invalidParameter(parameter, "Its keys and values must be well-formed Unicode.");
    }
    characters += key.length + value.length + 6;
    pairs.push([key, value]);
  }
  if (characters * JSON_EXPANSION > MAX_CONTEXT_CHARACTERS && jsonLength(pairs) > MAX_CONTEXT_CHARACTERS) {
    throw invalidParameter(parameter, `It may have ${MAX_CONTEXT_CHARACTERS} characters as JSON.`);
  }
  return pairs;
}

function jsonLength(pairs: readonly [string, string][]): number {
  return JSON.stringify(Object.fromEntries(pairs)).length;
}

/** A `Map` or a class instance has no fields of its own, and would silently mean "no context". */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** UTF-8 byte order is code point order; UTF-16 order differs from it where surrogates meet U+E000 … U+FFFF. */
function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return codePointRank(left) - codePointRank(right);
  }
  return a.length - b.length;
}

function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
