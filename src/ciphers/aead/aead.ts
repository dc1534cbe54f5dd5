import type { LanelockError } from "../../errors.ts";
import type { Bytes } from "../../shared/byte-input.ts";

/** Options of one message. */
export interface MessageOptions {
  /** Additional data: authenticated, not encrypted, any length. */
  aad?: Uint8Array | undefined;
}

export interface IntoOptions extends MessageOptions {
  /** Where to write the result instead of allocating. It may overlap the input at any offset. */
  into?: Uint8Array | undefined;
}

/** One message of `sealMany` or `openMany`. */
export interface Message extends MessageOptions {
  /** At least 1 byte. */
  nonce: Uint8Array;
  /** The plaintext for `sealMany`, ciphertext ‖ tag for `openMany`. */
  data: Uint8Array;
}

/** Seals one long message piece by piece; made by {@link Aead.sealStream}. */
export interface SealStream {
  /** Takes any number of bytes and returns the ciphertext that is ready, possibly none. */
  update(chunk: Uint8Array): Bytes;
  /** Ends the message: returns the last ciphertext bytes ‖ tag. */
  final(): Bytes;
  /** Abandons the message and wipes its state. Harmless after `final()`. */
  dispose(): void;
  [Symbol.dispose](): void;
}

/**
 * Authenticated encryption under one key, which is expanded once and stays in the engine's memory until `dispose()`.
 * Everything is synchronous.
 *
 * @example
 * using aead = aesGcm(key);
 * const sealed = aead.seal(nonce, plaintext, { aad });
 * const opened = aead.open(nonce, sealed, { aad });
 */
export interface Aead {
  /** Bytes of the tag behind every ciphertext. */
  readonly tagLength: number;

  /**
   * Encrypts and authenticates (SP 800-38D §7.1).
   *
   * @param nonce at least 1 byte, best 12; never use one twice with the same key
   * @param plaintext at most 2^36 − 32 bytes
   * @returns ciphertext ‖ tag, `plaintext.length + tagLength` bytes; with `into`, the part of it that was written
   * @throws LanelockError `ERR_NONCE`, `ERR_LIMIT`, `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`
   */
  seal(nonce: Uint8Array, plaintext: Uint8Array, options?: IntoOptions): Bytes;

  /**
   * Verifies and decrypts (SP 800-38D §7.2). Nothing is written or returned unless the tag is right.
   *
   * @param sealed ciphertext ‖ tag
   * @returns the plaintext; with `into`, the part of it that was written
   * @throws LanelockError `ERR_AUTHENTICATION` if key, nonce, additional data, ciphertext or tag is not what was sealed;
   *   `ERR_LENGTH` if `sealed` is shorter than a tag; otherwise as `seal`
   */
  open(nonce: Uint8Array, sealed: Uint8Array, options?: IntoOptions): Bytes;

  /**
   * Seals many messages, short ones side by side in the lanes of the cipher: for small records, several times faster than
   * `seal` in a loop. All arguments are checked before anything is sealed.
   *
   * @returns ciphertext ‖ tag of each, in order: views of one buffer
   * @throws LanelockError as `seal`, and `ERR_NONCE` if a nonce comes twice; the message names the index
   *
   * @example
   * const sealed = aead.sealMany(rows.map((row) => ({ nonce: row.nonce, data: row.bytes, aad: row.key })));
   */
  sealMany(messages: Iterable<Message>): Bytes[];

  /**
   * Opens many messages. One that is not authentic does not disturb the others: its place holds the error, whose message
   * names the index.
   *
   * @returns for each message, in order, its plaintext in memory of its own, or a LanelockError `ERR_AUTHENTICATION`
   * @throws LanelockError as `open` for arguments that are not messages; nothing is opened then. A nonce may come twice
   */
  openMany(messages: Iterable<Message>): (Bytes | LanelockError)[];

  /** Begins to seal a message piece by piece. @throws LanelockError as `seal` */
  sealStream(nonce: Uint8Array, options?: MessageOptions): SealStream;

  /** Wipes the key. Harmless when repeated; every other call then throws `ERR_STATE`. */
  dispose(): void;
  [Symbol.dispose](): void;
}
