import { type Bytes, callersBytes } from "../../shared/byte-input.ts";
import { KeySlot } from "../engine-binding/key-slot.ts";
import type { FurtherModes } from "../engine-binding/modes-engine.ts";
import { checkBlock, type Direction, type IntoOption, intoOf, transform } from "./block-mode.ts";

/**
 * CFB with segments of 128 bits (SP 800-38A §6.3), which is OpenSSL's `cfb`. Nothing is authenticated: an attacker who flips a bit
 * of the ciphertext flips that of the plaintext.
 *
 * @example
 * using cfb = aesCfb(key);
 * const ciphertext = cfb.encrypt(iv, plaintext);
 */
export class Cfb {
  readonly #cipher: FurtherModes;
  readonly #key: KeySlot;

  constructor(cipher: FurtherModes, key: Uint8Array) {
    this.#cipher = cipher;
    this.#key = new KeySlot(cipher, key);
  }

  /**
   * @param iv 16 bytes that nobody can predict (SP 800-38A Appendix C); never use one twice with the same key
   * @param plaintext any length
   * @returns the ciphertext, as long; with `into`, the part of it that was written
   * @throws LanelockError `ERR_NONCE`, `ERR_LIMIT`, `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`
   */
  encrypt(iv: Uint8Array, plaintext: Uint8Array, options?: IntoOption): Bytes {
    const into = intoOf(options);
    const slot = this.#key.address;
    checkBlock(iv, "iv");
    const input = callersBytes(plaintext, "plaintext");
    const work: Direction["work"] = (chain, at, length) => this.#cipher.cfbEncrypt(slot, chain, at, length);
    return transform({ first: iv, work }, input, into);
  }

  /**
   * @param iv the 16 bytes it was encrypted with
   * @param ciphertext any length
   * @returns the plaintext, as long; with `into`, the part of it that was written
   * @throws LanelockError `ERR_NONCE`, `ERR_LIMIT`, `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`
   */
  decrypt(iv: Uint8Array, ciphertext: Uint8Array, options?: IntoOption): Bytes {
    const into = intoOf(options);
    const slot = this.#key.address;
    checkBlock(iv, "iv");
    const input = callersBytes(ciphertext, "ciphertext");
    const work: Direction["work"] = (chain, at, length) => this.#cipher.cfbDecrypt(slot, chain, at, length);
    return transform({ first: iv, work }, input, into);
  }

  /** Wipes the key. Harmless when repeated; every other call then throws `ERR_STATE`. */
  dispose(): void {
    this.#key.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
