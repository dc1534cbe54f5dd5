import { checkInto } from "../../engine/arguments.ts";
import { enter, failed } from "../../engine/call.ts";
import { type Bytes, checkBytes, plain } from "../../shared/byte-input.ts";
import type { CounterCipher } from "../engine-binding/cipher-engine.ts";
import { KeySlot } from "../engine-binding/key-slot.ts";
import { taken } from "../engine-binding/result.ts";
import type { NativeBlocks, NativePass } from "../native/blocks.ts";
import type { MakeNative } from "../native/native-key.ts";
import { AT_ONCE, checkBlock, type Direction, type IntoOption, intoOf, transform } from "./block-mode.ts";
import { type AesCtrOptions, checkCtrOptions, counting, isUsual } from "./counting.ts";

interface LongPass extends NativePass {
  readonly first: Uint8Array;
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
  readonly #addKeystream: CounterCipher["ctr"];
  readonly #key: KeySlot;
  readonly #native: NativeBlocks | undefined;
  /** Shorter data takes one call of the engine. */
  readonly #shortBelow: number;

  /** @param native for a cipher that node:crypto has too, which counts in one way only */
  constructor(cipher: CounterCipher, key: Uint8Array, options?: AesCtrOptions, native?: MakeNative<NativeBlocks>) {
    const form = checkCtrOptions(options, native !== undefined);
    const make = isUsual(form) ? native : undefined;
    this.#addKeystream = counting(cipher, form);
    this.#key = new KeySlot(cipher, key, { keepsGiven: make !== undefined && form.backend !== "wasm" });
    this.#native = make?.(form.backend, this.#key);
    this.#shortBelow = Math.min(this.#native?.from.encrypting ?? AT_ONCE, AT_ONCE);
  }

  /**
   * @param counterBlock the first counter, 16 bytes, counted up as one big-endian number modulo 2^128 unless the options say otherwise
   * @param data any length
   * @throws LanelockError `ERR_NONCE`, `ERR_LIMIT`, `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`
   */
  encrypt(counterBlock: Uint8Array, data: Uint8Array, options?: IntoOption): Bytes {
    return this.#transform(counterBlock, data, options, false);
  }

  /** The same operation as {@link encrypt}. */
  decrypt(counterBlock: Uint8Array, data: Uint8Array, options?: IntoOption): Bytes {
    return this.#transform(counterBlock, data, options, true);
  }

  #transform(counterBlock: Uint8Array, data: Uint8Array, options: IntoOption | undefined, decrypts: boolean): Bytes {
    const into = intoOf(options);
    const slot = this.#key.address;
    checkBlock(counterBlock, "counterBlock");
    const length = checkBytes(data, "data");
    const room = into === undefined ? undefined : checkInto(into, length);
    if (length >= this.#shortBelow) {
      return this.#transformLong({ first: counterBlock, input: plain(data, length), decrypts }, room);
    }
    const host = enter();
    try {
      const { bytes, exports, io, nonce: counter } = host;
      bytes.set(counterBlock, counter);
      bytes.set(data, io);
      this.#addKeystream(slot, counter, io, length);
      const result = taken(host, io, length, room);
      exports.wipe(io, (length + 15) & ~15);
      exports.wipe(counter, 16);
      host.busy = false;
      return result;
    } catch (error) {
      throw failed(host, error);
    }
  }

  /** For data that goes to node:crypto, or takes several calls of the engine. */
  #transformLong(pass: LongPass, room: Bytes | undefined): Bytes {
    const native = this.#native;
    if (native !== undefined && pass.input.length >= native.from.encrypting) {
      if (room === undefined) return native.transformed(pass);
      native.transform(pass, room);
      return room;
    }
    const { first, input } = pass;
    const slot = this.#key.address;
    const work: Direction["work"] = (counter, at, length) => this.#addKeystream(slot, counter, at, length);
    return transform({ first, work }, input, room);
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
