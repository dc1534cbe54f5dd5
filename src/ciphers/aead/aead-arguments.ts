// The checks of arguments that every AEAD makes before anything is written to the engine's memory.
import { checkOptions } from "../../engine/arguments.ts";
import { LanelockError } from "../../errors.ts";
import { checkBytes } from "../../shared/byte-input.ts";
import { checkNames } from "../../shared/known-names.ts";
import type { IntoOptions, MessageOptions } from "./aead.ts";

const NOTHING = new Uint8Array(0);
const INTO_NAMES = ["aad", "into"];
const MESSAGE_NAMES = ["aad"];
const NONE: IntoOptions = {};

/**
 * The options of `seal` or `open`, if there are any.
 *
 * @throws LanelockError `ERR_ARGUMENT` if it is not an object, and for an unknown name, which would bind nothing
 */
export function intoOptions(options: IntoOptions | undefined): IntoOptions {
  if (options === undefined) return NONE;
  checkOptions(options);
  for (const name in options) {
    // Compared inline, not by a list: every message passes here.
    if (name !== "aad" && name !== "into") checkNames(options, INTO_NAMES, "A message");
  }
  return options;
}

/** The options of a stream, if there are any. @throws LanelockError `ERR_ARGUMENT` as {@link intoOptions} */
export function messageOptions(options: MessageOptions | undefined): MessageOptions {
  if (options === undefined) return NONE;
  checkOptions(options);
  checkNames(options, MESSAGE_NAMES, "A stream");
  return options;
}

/** The additional data of a message; empty by default. */
export function aadOf({ aad = NOTHING }: MessageOptions): Uint8Array {
  return aad;
}

/** @throws LanelockError `ERR_NONCE` unless `nonce` has a byte at least; returns its length */
export function checkNonce(nonce: Uint8Array): number {
  const length = checkBytes(nonce, "nonce");
  if (length === 0) throw emptyNonce();
  return length;
}

function emptyNonce(): LanelockError {
  return new LanelockError("ERR_NONCE", "nonce has no bytes: GCM takes 1 or more, best 12");
}

/** The length of the additional data. */
export function checkAad(aad: Uint8Array): number {
  return aad === NOTHING ? 0 : checkBytes(aad, "aad");
}

/** The length of the text in a sealed message. @throws LanelockError `ERR_LENGTH` if it is shorter than a tag */
export function checkSealed(sealed: Uint8Array, tagLength: number): number {
  const length = checkBytes(sealed, "sealed");
  if (length < tagLength) throw shorterThanTag(length, tagLength);
  return length - tagLength;
}

function shorterThanTag(length: number, tagLength: number): LanelockError {
  return new LanelockError("ERR_LENGTH", `sealed has ${length} bytes, fewer than its tag of ${tagLength}`);
}

/** @param index of the message in its list, if it is in one */
export function notAuthentic(index?: number): LanelockError {
  const what = index === undefined ? "The message" : `messages[${index}]`;
  return new LanelockError(
    "ERR_AUTHENTICATION",
    `${what} is not authentic: the key, nonce, additional data, ciphertext or tag is not the one that was sealed`,
  );
}
