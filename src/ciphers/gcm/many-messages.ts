// The lists of messages that `sealMany` and `openMany` take: read once, then checked. Code in a later element can change an earlier one,
// so nothing is checked before all are read.
import { LanelockError } from "../../errors.ts";
import { checkBytes } from "../../shared/byte-input.ts";
import { checkNames } from "../../shared/known-names.ts";
import type { Message } from "../aead/aead.ts";
import { checkNonce } from "../aead/aead-arguments.ts";
import { checkTextLength } from "./gcm-limits.ts";
import {
  type CheckedMessages,
  LENGTHS,
  LONG,
  LONGEST_SHARED,
  type ReadMessages,
  UNUSUAL,
  WORDS,
} from "./message-columns.ts";
import { type NonceColumns, repeatedNonce } from "./repeated-nonces.ts";

const NAMES = ["nonce", "data", "aad"];

/** Refuses a value that is not a message. */
function checkMessage(message: Message): void {
  if (typeof message !== "object" || message === null) {
    throw new LanelockError("ERR_ARGUMENT", "must be an object with nonce and data");
  }
  for (const name in message) {
    // Compared inline, not by a list: every message passes here.
    if (name !== "nonce" && name !== "data" && name !== "aad") checkNames(message, NAMES, "A message");
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

/** Adds the message's index to an error. */
export function aboutMessage(index: number, error: unknown): unknown {
  if (!(error instanceof LanelockError)) return error;
  return new LanelockError(error.code, `messages[${index}]: ${error.message}`, { cause: error });
}

/**
 * Reads each field of each message once: getters of the caller's run here and never again.
 *
 * @throws LanelockError for what is not a list of messages; it names the message by its index
 */
export function readMessages(messages: Iterable<Message>): ReadMessages {
  if (typeof messages !== "object" || messages === null || !(Symbol.iterator in messages)) {
    throw new LanelockError("ERR_ARGUMENT", "messages must be an array of { nonce, data, aad }");
  }
  const [nonces, data, aads]: [Uint8Array[], Uint8Array[], (Uint8Array | undefined)[]] = [[], [], []];
  try {
    for (const message of messages) {
      checkMessage(message);
      const { nonce, data: text, aad } = message;
      nonces.push(nonce);
      data.push(text);
      aads.push(aad);
    }
  } catch (error) {
    throw aboutMessage(nonces.length, error);
  }
  return { nonces, data, aads };
}

/** The length of the text in `data`. */
function textLengthOf(data: Uint8Array | undefined, tagLength: number): number {
  const length = checkBytes(data, "data") - tagLength;
  if (length < 0) {
    throw new LanelockError("ERR_LENGTH", `data has ${length + tagLength} bytes, fewer than its tag of ${tagLength}`);
  }
  checkTextLength(length);
  return length;
}

/** Checks a nonce, and fills in its words, which begin at `at`, if it has 12 bytes. Returns its length. */
function readNonce(nonce: Uint8Array | undefined, words: Int32Array, at: number): number {
  const length = checkNonce(nonce as Uint8Array);
  if (length === 12) {
    words[at] = word(nonce as Uint8Array, 0);
    words[at + 1] = word(nonce as Uint8Array, 4);
    words[at + 2] = word(nonce as Uint8Array, 8);
  }
  return length;
}

/**
 * The words of all messages, with nothing but their nonces filled in. Undefined if one does not have 12 bytes, or comes twice, or is no
 * nonce: then {@link checkMessages} and {@link checkNonces} say what is wrong, if anything is.
 */
export function distinctNonces({ nonces }: ReadMessages): Int32Array | undefined {
  const words = new Int32Array(WORDS * nonces.length);
  try {
    for (let index = 0; index < nonces.length; index += 1) {
      if (readNonce(nonces[index], words, WORDS * index) !== 12) return undefined;
    }
  } catch {
    return undefined;
  }
  return repeatedNonce({ nonces, words, usual: true }) === undefined ? words : undefined;
}

/**
 * Checks additional data and text of the message at `index`, and fills in the word of their lengths.
 *
 * @param tagLength length of the tag in `data`: 0 to seal
 * @returns the length of the text
 * @throws LanelockError that does not name the message
 */
export function checkContent(
  { data, aads }: ReadMessages,
  index: number,
  words: Int32Array,
  tagLength: number,
): number {
  const aad = aads[index];
  const aadLength = aad === undefined ? 0 : checkBytes(aad, "aad");
  const length = textLengthOf(data[index], tagLength);
  // 16 bits hold short lengths only.
  words[WORDS * index + LENGTHS] = aadLength + length <= LONGEST_SHARED ? aadLength | (length << 16) : LONG;
  return length;
}

/**
 * Checks all messages.
 *
 * @param tagLength length of the tag in each `data`: 0 to seal
 * @throws LanelockError that names the message by its index
 */
export function checkMessages(messages: ReadMessages, tagLength: number): CheckedMessages {
  const count = messages.nonces.length;
  const words = new Int32Array(WORDS * count);
  let textLength = 0;
  let usual = true;
  let index = 0;
  try {
    for (; index < count; index += 1) {
      const isUsual = readNonce(messages.nonces[index], words, WORDS * index) === 12;
      textLength += checkContent(messages, index, words, tagLength);
      if (isUsual) continue;
      words[WORDS * index + LENGTHS] = UNUSUAL;
      usual = false;
    }
  } catch (error) {
    throw aboutMessage(index, error);
  }
  return { ...messages, words, textLength, usual };
}

/**
 * Refuses a list that has a nonce twice. Two messages with one nonce reveal both plaintexts, and let an attacker forge messages.
 *
 * @throws LanelockError `ERR_NONCE` that names both messages
 */
export function checkNonces(messages: NonceColumns): void {
  const found = repeatedNonce(messages);
  if (found === undefined) return;
  throw new LanelockError(
    "ERR_NONCE",
    `messages[${found.index}] has the nonce of messages[${found.first}]: ` +
      "under one key every message needs a nonce of its own",
  );
}
