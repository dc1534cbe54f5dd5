import { type Bytes, callersBytes } from "../../shared/byte-input.ts";
import type { BlockModeCipher } from "../engine-binding/cipher-engine.ts";
import { KeySlot } from "../engine-binding/key-slot.ts";
import type { NativeBlocks } from "../native/blocks.ts";
import type { MakeNative } from "../native/native-key.ts";
import {
  checkBlock,
  checkKeyOptions,
  type Direction,
  decryptPadded,
  encryptPadded,
  type IntoOption,
  intoOf,
  type KeyOptions,
  type Padding,
} from "./block-mode.ts";

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
  readonly #native: NativeBlocks | undefined;

  /** @param native for a cipher that node:crypto has too */
  constructor(cipher: BlockModeCipher, key: Uint8Array, options?: KeyOptions, native?: MakeNative<NativeBlocks>) {
    const { padding, backend } = checkKeyOptions(options, native ? ["padding", "backend"] : ["padding"]);
    this.#padding = padding;
    this.#cipher = cipher;
    this.#key = new KeySlot(cipher, key, { keepsGiven: native !== undefined && backend !== "wasm" });
    this.#native = native?.(backend, this.#key);
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
    const direction = { first: iv, work, native: this.#native, decrypts: false };
    return encryptPadded(direction, plaintext, { padding: this.#padding, into });
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
    const direction = { first: iv, work, native: this.#native, decrypts: true };
    return decryptPadded(direction, checked, { padding: this.#padding, into });
  }

  /** Wipes the key. Harmless when repeated; every other call then throws `ERR_STATE`. */
  dispose(): void {
    this.#native?.drop();
    this.#key.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
