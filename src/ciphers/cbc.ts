import { type Bytes, callersBytes } from "../shared/byte-input.ts";
import {
  checkBlock,
  checkPadding,
  type Direction,
  decryptPadded,
  encryptPadded,
  type IntoOption,
  intoOf,
  type Padding,
  type PaddingOption,
} from "./block-mode.ts";
import type { BlockModeCipher } from "./cipher-engine.ts";
import { KeySlot } from "./key-slot.ts";

/**
 * CBC (SP 800-38A §6.2). Nothing is authenticated: an attacker who changes the ciphertext changes the plaintext, and an answer that
 * distinguishes bad padding from other failures reveals the plaintext.
 *
 * @example
 * using cbc = aesCbc(key);
 * const ciphertext = cbc.encrypt(iv, plaintext);
 */
export class Cbc {
  readonly #cipher: BlockModeCipher;
  readonly #key: KeySlot;
  readonly #padding: Padding;

  constructor(cipher: BlockModeCipher, key: Uint8Array, options?: PaddingOption) {
    this.#padding = checkPadding(options);
    this.#cipher = cipher;
    this.#key = new KeySlot(cipher, key);
  }

  /**
   * @param iv 16 bytes that nobody who chooses plaintext can predict (SP 800-38A Appendix C)
   * @param plaintext any length with padding `"pkcs7"`, which adds 1 to 16 bytes; a multiple of 16 bytes with `"none"`
   * @returns the ciphertext; with `into`, the part of it that was written
   * @throws LanelockError `ERR_NONCE`, `ERR_LENGTH`, `ERR_LIMIT`, `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`
   */
  encrypt(iv: Uint8Array, plaintext: Uint8Array, options?: IntoOption): Bytes {
    const into = intoOf(options);
    const slot = this.#key.address;
    checkBlock(iv, "iv");
    const work: Direction["work"] = (chain, at, length) => this.#cipher.cbcEncrypt(slot, chain, at, length);
    return encryptPadded({ first: iv, work }, plaintext, { padding: this.#padding, into });
  }

  /**
   * @param iv the 16 bytes it was encrypted with
   * @param ciphertext a multiple of 16 bytes
   * @returns the plaintext; with `into`, the part of it that was written
   * @throws LanelockError `ERR_PADDING` if the padding is not valid; nothing is released.
   *   `ERR_NONCE`, `ERR_LENGTH`, `ERR_LIMIT`, `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`
   */
  decrypt(iv: Uint8Array, ciphertext: Uint8Array, options?: IntoOption): Bytes {
    const into = intoOf(options);
    const slot = this.#key.address;
    checkBlock(iv, "iv");
    const checked = callersBytes(ciphertext, "ciphertext");
    const work: Direction["work"] = (chain, at, length) => this.#cipher.cbcDecrypt(slot, chain, at, length);
    return decryptPadded({ first: iv, work }, checked, { padding: this.#padding, into });
  }

  /** Wipes the key. Harmless when repeated; every other call then throws `ERR_STATE`. */
  dispose(): void {
    this.#key.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
