import { type Bytes, callersBytes } from "../../shared/byte-input.ts";
import { KeySlot } from "../engine-binding/key-slot.ts";
import type { FurtherModes } from "../engine-binding/modes-engine.ts";
import { checkBlock, type Direction, type IntoOption, intoOf, transform } from "./block-mode.ts";

/**
 * OFB (SP 800-38A §6.4). Nothing is authenticated, and an IV used twice under one key reveals plaintext.
 *
 * @example
 * using ofb = aesOfb(key);
 * const ciphertext = ofb.encrypt(iv, plaintext);
 */
export class Ofb {
  readonly #cipher: FurtherModes;
  readonly #key: KeySlot;

  constructor(cipher: FurtherModes, key: Uint8Array) {
    this.#cipher = cipher;
    this.#key = new KeySlot(cipher, key);
  }

  /**
   * @param iv 16 bytes; never use one twice with the same key
   * @param data any length
   * @throws LanelockError `ERR_NONCE`, `ERR_LIMIT`, `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`
   */
  encrypt(iv: Uint8Array, data: Uint8Array, options?: IntoOption): Bytes {
    const into = intoOf(options);
    const slot = this.#key.address;
    checkBlock(iv, "iv");
    const input = callersBytes(data, "data");
    const work: Direction["work"] = (chain, at, length) => this.#cipher.ofb(slot, chain, at, length);
    return transform({ first: iv, work }, input, into);
  }

  /** The same operation as {@link encrypt}. */
  decrypt(iv: Uint8Array, data: Uint8Array, options?: IntoOption): Bytes {
    return this.encrypt(iv, data, options);
  }

  /** Wipes the key. Harmless when repeated; every other call then throws `ERR_STATE`. */
  dispose(): void {
    this.#key.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
