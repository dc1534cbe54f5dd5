// The messages of one call of `sealMany` or `openMany`, in columns: an object for each would cost a tenth of the time that short
// messages take.
import type { Message } from "../aead/aead.ts";

/** Words of {@link CheckedMessages.words} for each message: its nonce, if that has 12 bytes, then its lengths. */
export const WORDS = 4;

/** Of the four words the one with the lengths of additional data and text, in 16 bits each, or `LONG` or `UNUSUAL`, which are negative. */
export const LENGTHS = 3;

/** Marks a message that is too long to share a call of the engine. */
export const LONG = -1;

/** Marks a message whose nonce does not have 12 bytes. It needs a call of its own, too. */
export const UNUSUAL = -2;

/** A message with more bytes of additional data and text than this fills the lanes alone. */
export const LONGEST_SHARED = 8064;

/** What the messages have, each field read once: no code of the caller's runs from here on. */
export interface ReadMessages {
  readonly nonces: readonly Uint8Array[];
  readonly data: readonly Uint8Array[];
  readonly aads: readonly (Uint8Array | undefined)[];
}

/** Messages that are checked. Their arrays have the lengths that `words` records. */
export interface CheckedMessages extends ReadMessages {
  /** `WORDS` words for each message. They are few: a large array of zeros costs a page fault for each 1024 words. */
  readonly words: Int32Array;
  /** Bytes of text of all messages, without their tags. */
  readonly textLength: number;
  /** Whether every nonce has 12 bytes: then `words` has them all. */
  readonly usual: boolean;
}

/** Bytes of text of the message at `index`, which must not be one that is sealed by itself. */
export function textLengthAt(words: Int32Array, index: number): number {
  return (words[WORDS * index + LENGTHS] ?? 0) >>> 16;
}

/** The message at `index`, which must be in the list. */
export function messageAt({ nonces, data, aads }: ReadMessages, index: number): Message {
  return { nonce: nonces[index] as Uint8Array, data: data[index] as Uint8Array, aad: aads[index] };
}
