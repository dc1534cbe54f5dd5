import { engine } from "../engine/load.ts";
import { type Bytes, callersBytes } from "../shared/byte-input.ts";
import {
  checkBlock,
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
 * CBC (SP 800-38A §6.2). Nothing is authenticated: who may change ciphertext changes plaintext, and an answer that tells bad
 * padding from other failures gives the plaintext away.
 *
 * @example
 * using cbc = aesCbc(key);
 * const ciphertext = cbc.encrypt(iv, plaintext);
 */
export class Cbc {
  readonly #cipher: CipherEngine;
  readonly #key: KeySlot;
  readonly #padding: Padding;

  constructor(cipher: CipherEngine, key: Uint8Array, options?: PaddingOption) {
    this.#padding = checkPadding(options);
    this.#cipher = cipher;
    this.#key = new KeySlot(cipher, key, false);
  }

  /**
   * @param iv 16 bytes, unpredictable to whoever chooses plaintext (SP 800-38A Appendix C)
   * @param plaintext any length with padding `"pkcs7"`, which adds 1 to 16 bytes; a multiple of 16 bytes with `"none"`
   * @throws LanelockError `ERR_NONCE`, `ERR_LENGTH`, `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`
   */
  encrypt(iv: Uint8Array, plaintext: Uint8Array, options?: IntoOption): Bytes {
    const into = intoOf(options);
    const slot = this.#key.address;
    return chained(iv, (chain) =>
      encryptPadded(plaintext, this.#padding, into, (at, length) => this.#cipher.cbcEncrypt(slot, chain, at, length)),
    );
  }

  /**
   * @param iv the 16 bytes it was encrypted with
   * @param ciphertext a multiple of 16 bytes
   * @throws LanelockError `ERR_PADDING` if what comes out is not padded, whichever byte is wrong; nothing is released.
   *   `ERR_NONCE`, `ERR_LENGTH`, `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`
   */
  decrypt(iv: Uint8Array, ciphertext: Uint8Array, options?: IntoOption): Bytes {
    const into = intoOf(options);
    const slot = this.#key.address;
    return chained(iv, (chain) => {
      const checked = callersBytes(ciphertext, "ciphertext");
      const work = (at: number, length: number) => this.#cipher.cbcDecrypt(slot, chain, at, length);
      const lastBlock = (at: number, length: number) => {
        const { bytes } = engine();
        if (checked.length > 16) bytes.set(checked.subarray(-32, -16), chain);
        work(at, length);
        bytes.set(iv, chain);
      };
      return decryptPadded({ ciphertext: checked, padding: this.#padding, into, work, lastBlock });
    });
  }

  /** Wipes the key. Harmless when repeated; every other call then throws `ERR_STATE`. */
  dispose(): void {
    this.#key.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Runs `work` with the IV in the engine's memory, where the chain goes on from it. */
function chained(iv: Uint8Array, work: (chain: number) => Bytes): Bytes {
  checkBlock(iv, "iv");
  const { bytes, nonce: chain } = engine();
  bytes.set(iv, chain);
  try {
    return work(chain);
  } finally {
    bytes.fill(0, chain, chain + 16);
  }
}
