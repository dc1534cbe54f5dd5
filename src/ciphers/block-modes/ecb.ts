import { type Bytes, callersBytes } from "../../shared/byte-input.ts";
import type { BlockModeCipher } from "../engine-binding/cipher-engine.ts";
import { KeySlot } from "../engine-binding/key-slot.ts";
import type { NativeBlocks } from "../native/blocks.ts";
import type { MakeNative } from "../native/native-key.ts";
import {
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
 * ECB (SP 800-38A §6.1): equal blocks of plaintext become equal blocks of ciphertext, and nothing is authenticated.
 *
 * @example
 * using ecb = aesEcb(key, { padding: "none" });
 * const ciphertext = ecb.encrypt(blocks);
 */
export class Ecb {
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
   * @param plaintext any length with padding `"pkcs7"`, which adds 1 to 16 bytes; a multiple of 16 bytes with `"none"`
   * @throws LanelockError `ERR_LENGTH`, `ERR_LIMIT`, `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`
   */
  encrypt(plaintext: Uint8Array, options?: IntoOption): Bytes {
    const into = intoOf(options);
    const slot = this.#key.address;
    const work: Direction["work"] = (_, at, length) => this.#cipher.ecbEncrypt(slot, at, length);
    const direction = { work, native: this.#native, decrypts: false };
    return encryptPadded(direction, plaintext, { padding: this.#padding, into });
  }

  /**
   * @param ciphertext a multiple of 16 bytes
   * @throws LanelockError `ERR_PADDING` if the padding is not valid; nothing is released.
   *   `ERR_LENGTH`, `ERR_LIMIT`, `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`
   */
  decrypt(ciphertext: Uint8Array, options?: IntoOption): Bytes {
    const into = intoOf(options);
    const slot = this.#key.address;
    const work: Direction["work"] = (_, at, length) => this.#cipher.ecbDecrypt(slot, at, length);
    const checked = callersBytes(ciphertext, "ciphertext");
    const direction = { work, native: this.#native, decrypts: true };
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
