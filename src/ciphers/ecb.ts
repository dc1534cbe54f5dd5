import { type Bytes, callersBytes } from "../shared/byte-input.ts";
import {
  checkPadding,
  decryptPadded,
  encryptPadded,
  type IntoOption,
  intoOf,
  type Padding,
  type PaddingOption,
} from "./block-mode.ts";
import type { CipherEngine } from "./cipher-engine.ts";
import { KeySlot } from "./key-slot.ts";

/**
 * ECB (SP 800-38A §6.1): equal blocks of plaintext become equal blocks of ciphertext, and nothing is authenticated.
 *
 * @example
 * using ecb = aesEcb(key, { padding: "none" });
 * const ciphertext = ecb.encrypt(blocks);
 */
export class Ecb {
  readonly #cipher: CipherEngine;
  readonly #key: KeySlot;
  readonly #padding: Padding;

  constructor(cipher: CipherEngine, key: Uint8Array, options?: PaddingOption) {
    this.#padding = checkPadding(options);
    this.#cipher = cipher;
    this.#key = new KeySlot(cipher, key, false);
  }

  /**
   * @param plaintext any length with padding `"pkcs7"`, which adds 1 to 16 bytes; a multiple of 16 bytes with `"none"`
   * @throws LanelockError `ERR_LENGTH`, `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`
   */
  encrypt(plaintext: Uint8Array, options?: IntoOption): Bytes {
    const into = intoOf(options);
    const slot = this.#key.address;
    return encryptPadded(plaintext, this.#padding, into, (at, length) => this.#cipher.ecbEncrypt(slot, at, length));
  }

  /**
   * @param ciphertext a multiple of 16 bytes
   * @throws LanelockError `ERR_PADDING` if what comes out is not padded, whichever byte is wrong; nothing is released.
   *   `ERR_LENGTH`, `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`
   */
  decrypt(ciphertext: Uint8Array, options?: IntoOption): Bytes {
    const into = intoOf(options);
    const slot = this.#key.address;
    const work = (at: number, length: number) => this.#cipher.ecbDecrypt(slot, at, length);
    const checked = callersBytes(ciphertext, "ciphertext");
    return decryptPadded({ ciphertext: checked, padding: this.#padding, into, work, lastBlock: work });
  }

  /** Wipes the key. Harmless when repeated; every other call then throws `ERR_STATE`. */
  dispose(): void {
    this.#key.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
