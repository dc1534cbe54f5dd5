// The lists of messages that `sealMany` and `openMany` take: read once, then checked, before any message is sealed or opened.
import { LanelockError } from "../../errors.ts";
import { checkBytes } from "../../shared/byte-input.ts";
import { checkNames } from "../../shared/known-names.ts";
import type { Message } from "../aead/aead.ts";
import { checkNonce } from "../aead/aead-arguments.ts";
import { checkTextLength } from "./gcm-limits.ts";
import { ALONE, type CheckedMessages, LENGTHS, WORDS } from "./message-columns.ts";
import { repeatedNonce } from "./repeated-nonces.ts";

/** A message with more bytes of additional data and text than this fills the lanes alone. */
const LONGEST_SHARED = 8064;

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
function aboutMessage(index: number, error: unknown): unknown {
  if (!(error instanceof LanelockError)) return error;
  return new LanelockError(error.code, `messages[${index}]: ${error.message}`, { cause: error });
}

/** Reads each field of each message once: getters of the caller's run here and never again. */
function read(messages: Iterable<Message>): Pick<CheckedMessages, "nonces" | "data" | "aads"> {
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

/**
 * Reads all messages, then checks them, before any is sealed or opened: code in a later element can change an earlier one.
 *
 * @param tagLength length of the tag in each `data`: 0 to seal
 * @throws LanelockError that names the message by its index
 */
export function checkMessages(messages: Iterable<Message>, tagLength: number): CheckedMessages {
  if (typeof messages !== "object" || messages === null || !(Symbol.iterator in messages)) {
    throw new LanelockError("ERR_ARGUMENT", "messages must be an array of { nonce, data, aad }");
  }
  const { nonces, data, aads } = read(messages);
  const words = new Int32Array(WORDS * nonces.length);
  let textLength = 0;
  let usual = true;
  let index = 0;
  try {
    for (; index < nonces.length; index += 1) {
      const nonce = nonces[index] as Uint8Array;
      const nonceLength = checkNonce(nonce);
      const aad = aads[index];
      const aadLength = aad === undefined ? 0 : checkBytes(aad, "aad");
      const length = textLengthOf(data[index], tagLength);
      textLength += length;
      const at = WORDS * index;
      // 16 bits hold short lengths only.
      words[at + LENGTHS] =
        nonceLength === 12 && aadLength + length <= LONGEST_SHARED ? aadLength | (length << 16) : ALONE;
      if (nonceLength === 12) {
        words[at] = word(nonce, 0);
        words[at + 1] = word(nonce, 4);
        words[at + 2] = word(nonce, 8);
      } else {
        usual = false;
      }
    }
  } catch (error) {
    throw aboutMessage(index, error);
  }
  return { nonces, data, aads, words, textLength, usual };
}

/**
 * Refuses a list that has a nonce twice. Two messages with one nonce reveal both plaintexts, and let an attacker forge messages.
 *
 * @throws LanelockError `ERR_NONCE` that names both messages
 */
export function checkNonces(messages: CheckedMessages): void {
  const found = repeatedNonce(messages);
  if (found === undefined) return;
  throw new LanelockError(
    "ERR_NONCE",
    `messages[${found.index}] has the nonce of messages[${found.first}]: ` +
      "under one key every message needs a nonce of its own",
  );
}
