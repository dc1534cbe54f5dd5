// The messages of one call of `sealMany` or `openMany`, in columns: an object for each would cost a tenth of the time that short
// messages take.
import type { Message } from "../aead/aead.ts";

/** Words of {@link CheckedMessages.words} for each message: its nonce, if that has 12 bytes, then its lengths. */
export const WORDS = 4;

/** Of the four words the one with the lengths of additional data and text, in 16 bits each, or `ALONE`. */
export const LENGTHS = 3;

/** Marks a message that is sealed by itself: it is long, or its nonce does not have 12 bytes. */
export const ALONE = -1;

/** Messages that are read and checked: code of the caller's can change none of this. */
export interface CheckedMessages {
  /** The arrays of each message, which have the lengths that `words` records. */
  readonly nonces: readonly Uint8Array[];
  readonly data: readonly Uint8Array[];
  readonly aads: readonly (Uint8Array | undefined)[];
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
export function messageAt({ nonces, data, aads }: CheckedMessages, index: number): Message {
  return { nonce: nonces[index] as Uint8Array, data: data[index] as Uint8Array, aad: aads[index] };
}
