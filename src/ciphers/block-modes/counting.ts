// The ways in which CTR counts. The engine counts as OpenSSL does: the whole block, big-endian. Counters of other forms are written
// here, and the engine encrypts them: they are public, and formats that have them are rare.
import { checkOptions } from "../../engine/arguments.ts";
import { engine } from "../../engine/load.ts";
import { LanelockError } from "../../errors.ts";
import { checkNames } from "../../shared/known-names.ts";
import type { CounterCipher } from "../engine-binding/cipher-engine.ts";
import { type Backend, type BackendOption, checkBackend } from "../native/backend.ts";

export interface CtrOptions {
  /** `"big"` by default (SP 800-38A, OpenSSL, WebCrypto). WinZip's AE-1 and AE-2 count `"little"`, from 1. */
  endianness?: "big" | "little" | undefined;
  /**
   * How many bits of the block count, modulo 2^bits: the last ones if big-endian, the first ones if little-endian. 128 by default.
   * Never encrypt more than 2^bits blocks under one key and counter block.
   */
  bits?: 32 | 64 | 128 | undefined;
}

/** The options of a key for CTR, checked. */
export interface CtrForm extends Required<CtrOptions> {
  readonly backend: Backend;
}

const NAMES = ["endianness", "bits"];

export interface AesCtrOptions extends CtrOptions, BackendOption {}

/** Counter blocks that are encrypted together: a batch of AES, a group of SM4. */
const TOGETHER = 32;

/** A counter block in words: those that count first, from the lowest. */
class Counter {
  readonly #view: DataView;
  readonly #little: boolean;
  readonly #words = new Uint32Array(4);
  readonly #counting: number;

  constructor(view: DataView, block: number, { endianness, bits }: Required<CtrOptions>) {
    this.#view = view;
    this.#little = endianness === "little";
    this.#counting = (bits ?? 128) / 32;
    for (let i = 0; i < 4; i += 1) this.#words[i] = view.getUint32(this.#place(block, i), this.#little);
  }

  #place(block: number, word: number): number {
    return block + 4 * (this.#little ? word : 3 - word);
  }

  write(block: number): void {
    for (let i = 0; i < 4; i += 1) this.#view.setUint32(this.#place(block, i), this.#words[i] ?? 0, this.#little);
  }

  increment(): void {
    for (let i = 0; i < this.#counting; i += 1) {
      this.#words[i] = (this.#words[i] ?? 0) + 1;
      if (this.#words[i] !== 0) return;
    }
  }
}

/**
 * The options of a key. Each is read once.
 *
 * @param hasBackends whether the cipher has the option `backend`
 * @throws LanelockError `ERR_ARGUMENT` for other values or names
 */
export function checkCtrOptions(options: AesCtrOptions = {}, hasBackends: boolean): CtrForm {
  checkOptions(options);
  checkNames(options, hasBackends ? [...NAMES, "backend"] : NAMES, "CTR");
  const { endianness = "big", bits = 128, backend } = options;
  if (endianness !== "big" && endianness !== "little") {
    throw new LanelockError("ERR_ARGUMENT", `endianness must be "big" or "little", not ${String(endianness)}`);
  }
  if (bits !== 32 && bits !== 64 && bits !== 128) {
    throw new LanelockError("ERR_ARGUMENT", `bits must be 32, 64 or 128, not ${String(bits)}`);
  }
  return { endianness, bits, backend: checkBackend(backend) };
}

/** Whether the form is the one that the engine and OpenSSL have. */
export function isUsual({ endianness, bits }: CtrForm): boolean {
  return endianness === "big" && bits === 128;
}

/** The engine's function that adds the keystream to data in IO, or one with the same parameters that counts otherwise. */
export function counting(cipher: CounterCipher, form: CtrForm): CounterCipher["ctr"] {
  if (isUsual(form)) return cipher.ctr;
  return (slot, block, at, length) => {
    const { bytes, exports } = engine();
    // They stand where the verdicts on many messages do, which no block mode has.
    const counters = exports.verdicts();
    const counter = new Counter(new DataView(bytes.buffer), block, form);
    for (let done = 0; done < length; done += 16 * TOGETHER) {
      const data = at + done;
      const left = length - done;
      const count = Math.min(Math.ceil(left / 16), TOGETHER);
      for (let i = 0; i < count; i += 1) {
        counter.write(counters + 16 * i);
        counter.increment();
      }
      if (left >= 16 * TOGETHER) {
        cipher.encryptBatch(slot, counters, data, data, count);
      } else {
        cipher.encryptFew(slot, counters, count);
        for (let i = 0; i < left; i += 1) bytes[data + i] = (bytes[data + i] ?? 0) ^ (bytes[counters + i] ?? 0);
      }
    }
    counter.write(block);
    bytes.fill(0, counters, counters + 16 * TOGETHER);
    // Wipes what a batch leaves behind, as after any other.
    cipher.ecbEncrypt(slot, at, 0);
  };
}
