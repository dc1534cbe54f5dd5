import { checkInto } from "../../engine/arguments.ts";
import { allocate, inCall } from "../../engine/call.ts";
import { type Engine, engine } from "../../engine/load.ts";
import { releaseSlot, takeSlot } from "../../engine/slots.ts";
import { LanelockError } from "../../errors.ts";
import { type Bytes, callersBytes } from "../../shared/byte-input.ts";
import { type IntoOption, intoOf } from "../block-modes/block-mode.ts";
import { KeySlot } from "../engine-binding/key-slot.ts";
import type { AesModes } from "../engine-binding/modes-engine.ts";

/** Bytes of the integrity check in front of the material. */
const CHECK = 8;

/** The most that is wrapped: everything stands in the engine's memory at once. */
const LONGEST = 2 ** 30;

/**
 * Wraps keys under a key-encryption key, which is expanded once and stays in the engine's memory until `dispose()`. Wrapping is
 * deterministic: the same material gives the same result, so an observer sees that two wrapped keys are equal.
 *
 * @example
 * using kw = aesKw(kek);
 * const wrapped = kw.wrap(dataKey);
 * const material = kw.unwrap(wrapped);
 */
export interface KeyWrap {
  /**
   * @param material `aesKw`: a multiple of 8 bytes, at least 16; `aesKwp`: any number of bytes, at least 1. At most 2^30 bytes
   * @returns 8 bytes more than the material, and with `aesKwp` up to 7 bytes of padding; with `into`, the part of it that was written
   * @throws LanelockError `ERR_LENGTH`, `ERR_LIMIT`, `ERR_BUFFER`, `ERR_ARGUMENT`, `ERR_STATE`
   */
  wrap(material: Uint8Array, options?: IntoOption): Bytes;

  /**
   * Nothing is written or returned unless the wrapped key is authentic.
   *
   * @param wrapped a multiple of 8 bytes, with `aesKw` at least 24, with `aesKwp` at least 16
   * @returns the material; with `into`, the part of it that was written
   * @throws LanelockError `ERR_AUTHENTICATION` if the key-encryption key or the wrapped key is not the one it was; otherwise as `wrap`
   */
  unwrap(wrapped: Uint8Array, options?: IntoOption): Bytes;

  /** Wipes the key. Harmless when repeated; every other call then throws `ERR_STATE`. */
  dispose(): void;
  [Symbol.dispose](): void;
}

/** Gives `work` the address of `size` bytes: IO or, for what does not fit there, a slot. Both are wiped. */
function withBuffer<T>(host: Engine, size: number, work: (at: number) => T): T {
  if (size <= host.exports.ioSize()) {
    const result = work(host.io);
    host.bytes.fill(0, host.io, host.io + size);
    return result;
  }
  // Of a power of two, so that slots of many sizes do not pile up.
  const slot = takeSlot(host, 2 ** Math.ceil(Math.log2(size)));
  const result = work(slot.address);
  releaseSlot(host, slot);
  return result;
}

function notAuthentic(): LanelockError {
  return new LanelockError(
    "ERR_AUTHENTICATION",
    "The wrapped key is not authentic: it, or the key-encryption key, is not the one it was",
  );
}

function lengthError(name: string, length: number, wanted: string): LanelockError {
  return new LanelockError("ERR_LENGTH", `${name} has ${length} bytes, but must have ${wanted}`);
}

function checkLimit(length: number, name: string): void {
  if (length <= LONGEST) return;
  throw new LanelockError("ERR_LIMIT", `${name} has ${length} bytes: key wrap takes at most ${LONGEST} here`);
}

/** What KW and KWP have in common. */
abstract class WrappingKey implements KeyWrap {
  protected readonly cipher: AesModes;
  readonly #key: KeySlot;

  constructor(cipher: AesModes, key: Uint8Array) {
    this.cipher = cipher;
    const complete = (slot: number) => cipher.kwExpand(slot, engine().io);
    this.#key = new KeySlot(cipher, key, { size: cipher.kwSize(), complete });
  }

  /** @throws LanelockError `ERR_LENGTH` unless material of that length can be wrapped */
  protected abstract checkMaterial(length: number): void;

  /** The fewest bytes of a wrapped key. */
  protected abstract readonly shortest: number;

  /** Wraps `length` bytes that follow the first 8 at `at`. */
  protected abstract wrapAt(slot: number, at: number, length: number): void;

  /** Unwraps `length` bytes at `at`. The length of the material behind the first 8, or 0 if they are not authentic. */
  protected abstract unwrapAt(slot: number, at: number, length: number): number;

  wrap(material: Uint8Array, options?: IntoOption): Bytes {
    const into = intoOf(options);
    const slot = this.#key.address;
    const input = callersBytes(material, "material");
    const { length } = input;
    this.checkMaterial(length);
    checkLimit(length, "material");
    const size = Math.ceil(length / 8) * 8 + CHECK;
    const output = into === undefined ? allocate(size) : checkInto(into, size);
    inCall((host) =>
      withBuffer(host, size, (at) => {
        host.bytes.set(input, at + CHECK);
        this.wrapAt(slot, at, length);
        output.set(host.bytes.subarray(at, at + size));
      }),
    );
    return output;
  }

  unwrap(wrapped: Uint8Array, options?: IntoOption): Bytes {
    const into = intoOf(options);
    const slot = this.#key.address;
    const input = callersBytes(wrapped, "wrapped");
    const { length } = input;
    if (length % 8 !== 0 || length < this.shortest) {
      throw lengthError("wrapped", length, `a multiple of 8, at least ${this.shortest}`);
    }
    checkLimit(length, "wrapped");
    const output = inCall((host) =>
      withBuffer(host, length, (at) => {
        host.bytes.set(input, at);
        const material = this.unwrapAt(slot, at, length);
        if (material === 0) return undefined;
        const result = into === undefined ? allocate(material) : checkInto(into, material);
        result.set(host.bytes.subarray(at + CHECK, at + CHECK + material));
        return result;
      }),
    );
    if (output === undefined) throw notAuthentic();
    return output;
  }

  dispose(): void {
    this.#key.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** KW (SP 800-38F §6.2, RFC 3394). */
export class Kw extends WrappingKey {
  protected override readonly shortest = 24;

  protected override checkMaterial(length: number): void {
    if (length % 8 !== 0 || length < 16) {
      throw lengthError("material", length, "a multiple of 8, at least 16: aesKwp takes any length");
    }
  }

  protected override wrapAt(slot: number, at: number, length: number): void {
    this.cipher.kwWrap(slot, at, length + CHECK);
  }

  protected override unwrapAt(slot: number, at: number, length: number): number {
    return this.cipher.kwUnwrap(slot, at, length) === 1 ? length - CHECK : 0;
  }
}

/** KWP (SP 800-38F §6.3, RFC 5649). */
export class Kwp extends WrappingKey {
  protected override readonly shortest = 16;

  protected override checkMaterial(length: number): void {
    if (length === 0) throw lengthError("material", length, "1 or more");
  }

  protected override wrapAt(slot: number, at: number, length: number): void {
    this.cipher.kwpWrap(slot, at, length);
  }

  protected override unwrapAt(slot: number, at: number, length: number): number {
    return this.cipher.kwpUnwrap(slot, at, length);
  }
}
