// The lists of messages that `sealMany` and `openMany` take: read once, then checked, before any message is sealed or opened.
import { LanelockError } from "../errors.ts";
import { checkBytes } from "../shared/byte-input.ts";
import { checkNames } from "../shared/known-names.ts";
import type { Message } from "./aead.ts";
import { checkNonce } from "./aead-arguments.ts";
import { checkTextLength } from "./gcm-limits.ts";
import { findByBytes, findByWords, hasWords } from "./repeated-nonces.ts";

/** A message. After the check its arrays have the lengths that it records. */
export interface CheckedMessage {
  readonly nonce: Uint8Array;
  readonly data: Uint8Array;
  readonly aad: Uint8Array | undefined;
  aadLength: number;
  /** Bytes of text, without the tag. */
  length: number;
  /** The offset of the text in the record (assembly/mode/gcm-many.ts). */
  text: number;
  /** Bytes of the record, or 0 if the message is sealed by itself: it is long, or its nonce does not have 12 bytes. */
  size: number;
  nonceLength: number;
  /** The nonce in three words, if it has 12 bytes. */
  n0: number;
  n1: number;
  n2: number;
}

/** A message with more bytes of additional data and text than this fills the lanes alone. */
const LONGEST_SHARED = 8064;

const HEADER = 64;

const NAMES = ["nonce", "data", "aad"];

/** Reads each field of a message once: getters of the caller's run here and never again. */
function read(message: Message): CheckedMessage {
  if (typeof message !== "object" || message === null) {
    throw new LanelockError("ERR_ARGUMENT", "must be an object with nonce and data");
  }
  for (const name in message) {
    // Compared inline, not by a list: every message passes here.
    if (name !== "nonce" && name !== "data" && name !== "aad") checkNames(message, NAMES, "A message");
  }
  const { nonce, data, aad } = message;
  return { nonce, data, aad, aadLength: 0, length: 0, text: 0, size: 0, nonceLength: 0, n0: 0, n1: 0, n2: 0 };
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

/** Fills in the fields that are computed, not read. */
function check(message: CheckedMessage, tagLength: number): void {
  const { nonce, data, aad } = message;
  const nonceLength = checkNonce(nonce);
  const aadLength = aad === undefined ? 0 : checkBytes(aad, "aad");
  const length = checkBytes(data, "data") - tagLength;
  if (length < 0) {
    throw new LanelockError("ERR_LENGTH", `data has ${length + tagLength} bytes, fewer than its tag of ${tagLength}`);
  }
  checkTextLength(length);
  message.nonceLength = nonceLength;
  message.aadLength = aadLength;
  message.length = length;
  if (nonceLength !== 12) return;
  // 32-bit operators are valid only for short lengths.
  if (aadLength + length <= LONGEST_SHARED) {
    message.text = HEADER + ((aadLength + 15) & ~15);
    message.size = message.text + ((length + 15) & ~15) + 32;
  }
  message.n0 = word(nonce, 0);
  message.n1 = word(nonce, 4);
  message.n2 = word(nonce, 8);
}

/** Adds the message's index to an error. */
function aboutMessage(index: number, error: unknown): unknown {
  if (!(error instanceof LanelockError)) return error;
  return new LanelockError(error.code, `messages[${index}]: ${error.message}`, { cause: error });
}

/**
 * Reads all messages, then checks them, before any is sealed or opened: code in a later element can change an earlier one.
 *
 * @param tagLength length of the tag in each `data`: 0 to seal
 * @throws LanelockError that names the message by its index
 */
export function checkMessages(messages: Iterable<Message>, tagLength: number): CheckedMessage[] {
  if (typeof messages !== "object" || messages === null || !(Symbol.iterator in messages)) {
    throw new LanelockError("ERR_ARGUMENT", "messages must be an array of { nonce, data, aad }");
  }
  const list: CheckedMessage[] = [];
  try {
    for (const message of messages) list.push(read(message));
  } catch (error) {
    throw aboutMessage(list.length, error);
  }
  for (const [index, message] of list.entries()) {
    try {
      check(message, tagLength);
    } catch (error) {
      throw aboutMessage(index, error);
    }
  }
  return list;
}

function repeated(index: number, first: number): LanelockError {
  return new LanelockError(
    "ERR_NONCE",
    `messages[${index}] has the nonce of messages[${first}]: under one key every message needs a nonce of its own`,
  );
}

/**
 * Refuses a list that has a nonce twice. Two messages with one nonce reveal both plaintexts, and let an attacker forge messages.
 *
 * @throws LanelockError `ERR_NONCE` that names both messages
 */
export function checkNonces(list: readonly CheckedMessage[]): void {
  if (list.length < 2) return;
  const find = list.every(hasWords) ? findByWords(list) : findByBytes(list);
  for (let index = 0; index < list.length; index += 1) {
    const first = find(index);
    if (first >= 0) throw repeated(index, first);
  }
}
