// Many messages through the engine at a time: as many as its IO holds, laid out as assembly/mode/gcm-many.ts says.

import { type Engine, engine } from "../engine/load.ts";
import { LanelockError } from "../errors.ts";
import { type Bytes, checkBytes } from "../shared/byte-input.ts";
import type { Message } from "./aead.ts";
import { checkTextLength } from "./gcm-state.ts";

/** A message whose arrays, once it is checked, have the lengths it says. */
export interface CheckedMessage {
  readonly nonce: Uint8Array;
  readonly data: Uint8Array;
  readonly aad: Uint8Array | undefined;
  aadLength: number;
  /** Bytes of text, without the tag. */
  length: number;
  /** Where the text stands in the record. */
  text: number;
  /** Bytes of the record in IO, or 0 if the message has to go alone: it is long, or its nonce has not 12 bytes. */
  size: number;
}

/** Records longer than this fill the lanes by themselves. */
const LONGEST_SHARED = 8192;

const HEADER = 64;

/** A message as its owner's code last had a say in it: what is read here is not read again. */
function read(message: Message): CheckedMessage {
  if (typeof message !== "object" || message === null) {
    throw new LanelockError("ERR_ARGUMENT", "must be an object with nonce and data");
  }
  const { nonce, data, aad } = message;
  return { nonce, data, aad, aadLength: 0, length: 0, text: 0, size: 0 };
}

/** Fills in the lengths. */
function check(message: CheckedMessage, tagLength: number): void {
  const { nonce, data, aad } = message;
  const nonceLength = checkBytes(nonce, "nonce");
  if (nonceLength === 0) throw new LanelockError("ERR_NONCE", "nonce has no bytes: GCM takes 1 or more, best 12");
  const aadLength = aad === undefined ? 0 : checkBytes(aad, "aad");
  const length = checkBytes(data, "data") - tagLength;
  if (length < 0) {
    throw new LanelockError("ERR_LENGTH", `data has ${length + tagLength} bytes, fewer than its tag of ${tagLength}`);
  }
  checkTextLength(length);
  const text = HEADER + ((aadLength + 15) & ~15);
  const size = text + ((length + 15) & ~15) + 32;
  message.aadLength = aadLength;
  message.length = length;
  message.text = text;
  message.size = nonceLength === 12 && size <= LONGEST_SHARED ? size : 0;
}

/** An error about the message at `index`, which says so. */
function aboutMessage(index: number, error: unknown): unknown {
  if (!(error instanceof LanelockError)) return error;
  return new LanelockError(error.code, `messages[${index}]: ${error.message}`, { cause: error });
}

/**
 * Reads all messages, then checks them, before any is worked: a list can have code in it that changes what came before.
 * `tagLength` is that of what comes in: 0 to seal.
 *
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

/** Writes one message to `at`; `words` is all memory in 4-byte words. */
function place(bytes: Bytes, words: Uint32Array, at: number, message: CheckedMessage): void {
  const { nonce, data, aad, aadLength, length, text, size } = message;
  bytes.set(nonce, at);
  words[(at + 48) >> 2] = aadLength;
  words[(at + 52) >> 2] = length;
  words[(at + 56) >> 2] = size;
  if (aad !== undefined) bytes.set(aad, at + HEADER);
  bytes.set(data, at + text);
}

/** Consecutive messages that go through the engine together, or one that has to go alone. */
export interface Group {
  shared: CheckedMessage[];
  alone?: CheckedMessage;
}

/** Cuts a list of messages into groups that fit in IO. */
export function groups(checked: readonly CheckedMessage[]): Group[] {
  const { exports } = engine();
  const room = exports.ioSize();
  const most = exports.verdictsSize();
  const list: Group[] = [];
  let shared: CheckedMessage[] = [];
  let used = 0;
  const close = () => {
    if (shared.length > 0) list.push({ shared });
    shared = [];
    used = 0;
  };
  for (const one of checked) {
    if (one.size === 0) {
      close();
      list.push({ shared: [], alone: one });
      continue;
    }
    if (used + one.size > room || shared.length === most) close();
    shared.push(one);
    used += one.size;
  }
  close();
  return list;
}

interface GroupWork {
  /** What the engine does to the `count` records from `first` on. */
  work: (first: number, count: number) => void;
  /** Copies out the results, which stand packed from `first` on. */
  take: (host: Engine, first: number) => void;
}

/** Lays messages out in IO, has them worked, and wipes IO. */
export function workGroup(shared: readonly CheckedMessage[], { work, take }: GroupWork): void {
  const host = engine();
  const first = host.io;
  const words = new Uint32Array(host.bytes.buffer);
  let at = first;
  try {
    for (const one of shared) {
      place(host.bytes, words, at, one);
      at += one.size;
    }
    work(first, shared.length);
    take(host, first);
  } finally {
    host.bytes.fill(0, first, first + shared.reduce((sum, { size }) => sum + size, 0));
  }
}
