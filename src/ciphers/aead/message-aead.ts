import type { Bytes } from "../../shared/byte-input.ts";
import type { IntoOptions } from "./aead.ts";

/**
 * Authenticated encryption of whole messages under one key, which is expanded once and stays in the engine's memory until `dispose()`.
 * Everything is synchronous.
 *
 * @example
 * using aead = aesGcmSiv(key);
 * const sealed = aead.seal(nonce, plaintext, { aad });
 * const opened = aead.open(nonce, sealed, { aad });
 */
export interface MessageAead {
  /** Bytes of the tag behind every ciphertext. */
  readonly tagLength: number;

  /** Bytes of a nonce. CCM takes others too, and this is the one that `managedNonce` draws. */
  readonly nonceLength: number;

  /**
   * Encrypts and authenticates.
   *
   * @param nonce as long as the cipher takes
   * @returns ciphertext ‖ tag, `plaintext.length + tagLength` bytes; with `into`, the part of it that was written
   * @throws LanelockError `ERR_NONCE`, `ERR_LIMIT`, `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`
   */
  seal(nonce: Uint8Array, plaintext: Uint8Array, options?: IntoOptions): Bytes;

  /**
   * Verifies and decrypts. Nothing is written to `into` or returned unless the tag is right.
   *
   * @param sealed ciphertext ‖ tag
   * @returns the plaintext; with `into`, the part of it that was written
   * @throws LanelockError `ERR_AUTHENTICATION` if key, nonce, additional data, ciphertext or tag is not what was sealed;
   *   `ERR_LENGTH` if `sealed` is shorter than a tag; otherwise as `seal`
   */
  open(nonce: Uint8Array, sealed: Uint8Array, options?: IntoOptions): Bytes;

  /** Wipes the key. Harmless when repeated; every other call then throws `ERR_STATE`. */
  dispose(): void;
  [Symbol.dispose](): void;
}
