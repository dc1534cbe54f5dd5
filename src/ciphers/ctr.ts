import { type Bytes, callersBytes } from "../shared/byte-input.ts";
import { checkBlock, type Direction, type IntoOption, intoOf, transform } from "./block-mode.ts";
import type { BlockModeCipher } from "./cipher-engine.ts";
import { type AesCtrOptions, checkCtrOptions, counting, isUsual } from "./counting.ts";
import { KeySlot } from "./key-slot.ts";
import type { NativeBlocks } from "./native/blocks.ts";
import type { MakeNative } from "./native/native-key.ts";

interface Start {
  readonly counterBlock: Uint8Array;
  readonly decrypts: boolean;
}

export type { AesCtrOptions, CtrOptions } from "./counting.ts";

/**
 * CTR (SP 800-38A §6.5). Nothing is authenticated, and a counter block used twice under one key reveals plaintext.
 *
 * @example
 * using ctr = aesCtr(key);
 * const ciphertext = ctr.encrypt(counterBlock, plaintext);
 */
export class Ctr {
  readonly #addKeystream: BlockModeCipher["ctr"];
  readonly #key: KeySlot;
  readonly #native: NativeBlocks | undefined;

  /** @param native for a cipher that node:crypto has too, which counts in one way only */
  constructor(cipher: BlockModeCipher, key: Uint8Array, options?: AesCtrOptions, native?: MakeNative<NativeBlocks>) {
    const form = checkCtrOptions(options, native !== undefined);
    const make = isUsual(form) ? native : undefined;
    this.#addKeystream = counting(cipher, form);
    this.#key = new KeySlot(cipher, key, { keepsGiven: make !== undefined && form.backend !== "wasm" });
    this.#native = make?.(form.backend, this.#key);
  }

  /**
   * @param counterBlock the first counter, 16 bytes, counted up as one big-endian number modulo 2^128 unless the options say otherwise
   * @param data any length
   * @throws LanelockError `ERR_NONCE`, `ERR_LIMIT`, `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`
   */
  encrypt(counterBlock: Uint8Array, data: Uint8Array, options?: IntoOption): Bytes {
    return this.#transform({ counterBlock, decrypts: false }, data, options);
  }

  /** The same operation as {@link encrypt}. */
  decrypt(counterBlock: Uint8Array, data: Uint8Array, options?: IntoOption): Bytes {
    return this.#transform({ counterBlock, decrypts: true }, data, options);
  }

  #transform({ counterBlock, decrypts }: Start, data: Uint8Array, options: IntoOption | undefined): Bytes {
    const into = intoOf(options);
    const slot = this.#key.address;
    checkBlock(counterBlock, "counterBlock");
    const input = callersBytes(data, "data");
    const work: Direction["work"] = (counter, at, length) => this.#addKeystream(slot, counter, at, length);
    return transform({ first: counterBlock, work, native: this.#native, decrypts }, input, into);
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
