import { Ctr } from "../ciphers/block-modes/ctr.ts";
import { aes } from "../ciphers/engine-binding/cipher-engine.ts";
import type { Bytes } from "../shared/byte-input.ts";
import { BLOCK, checkBytes, withKey } from "./common.ts";

/** A generator of pseudorandom bytes. What it gives follows from its seed: use the platform's randomness instead of it. */
export interface Drbg {
  readonly blockLen: number;
  /** Reseeds. `seed` and `info` as for the generator itself. */
  addEntropy(seed: Uint8Array, info?: Uint8Array): void;
  /** At most 65,536 bytes at a time. */
  randomBytes(len: number, info?: Uint8Array): Bytes;
  /** Wipes the generator. Every other call then throws. */
  clean(): void;
}

export type AesCtrDrbg = (seed: Uint8Array, personalization?: Uint8Array) => Drbg;

/** Bytes that one request may ask for (SP 800-90A, table 3). */
const LONGEST_REQUEST = 2 ** 16;

/** Requests between two seeds (SP 800-90A, table 3). */
const MOST_REQUESTS = 2 ** 48;

function checkCount(value: unknown): asserts value is number {
  if (typeof value !== "number") throw new TypeError(`expected number, got ${typeof value}`);
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`expected integer >= 0, got ${value}`);
}

/** CTR_DRBG without a derivation function (SP 800-90A §10.2.1). */
class CtrDrbg implements Drbg {
  readonly blockLen = BLOCK;
  /** Key ‖ V. */
  readonly #state: Bytes;
  readonly #key: Bytes;
  readonly #counter: Bytes;
  #requests = 1;
  #destroyed = false;

  constructor(keyLength: number, seed: Uint8Array, personalization?: Uint8Array) {
    this.#state = new Uint8Array(keyLength + BLOCK);
    this.#key = this.#state.subarray(0, keyLength);
    this.#counter = this.#state.subarray(keyLength);
    this.addEntropy(seed, personalization);
  }

  addEntropy(seed: Uint8Array, info?: Uint8Array): void {
    this.#checkLive();
    checkBytes(seed, { length: this.#state.length, title: "seed" });
    const mixed = new Uint8Array(seed);
    if (info) {
      this.#checkInfo(info);
      for (const [index, byte] of info.entries()) mixed[index] = (mixed[index] ?? 0) ^ byte;
    }
    this.#update(mixed);
    mixed.fill(0);
    this.#requests = 1;
  }

  randomBytes(len: number, info?: Uint8Array): Bytes {
    this.#checkLive();
    checkCount(len);
    if (len > LONGEST_REQUEST) throw new Error("requested output is too big");
    if (this.#requests > MOST_REQUESTS) throw new Error("entropy exhausted");
    if (info) {
      this.#checkInfo(info);
      this.#update(info);
    }
    const result = this.#keystream(len);
    this.#advance(Math.ceil(len / BLOCK));
    this.#update(info);
    this.#requests += 1;
    return result;
  }

  clean(): void {
    this.#state.fill(0);
    this.#requests = 0;
    this.#destroyed = true;
  }

  #checkLive(): void {
    if (this.#destroyed) throw new Error("cannot use destroyed DRBG");
  }

  #checkInfo(info: Uint8Array): void {
    checkBytes(info);
    if (info.length > this.#state.length) throw new Error("info length is too big");
  }

  /** The blocks that follow V, encrypted. */
  #keystream(length: number): Bytes {
    const first = new Uint8Array(this.#counter);
    increment(first, 1);
    const zeros = new Uint8Array(length);
    return withKey(new Ctr(aes(), this.#key), (ctr) => ctr.encrypt(first, zeros, { into: zeros }));
  }

  #advance(blocks: number): void {
    increment(this.#counter, blocks);
  }

  /** CTR_DRBG_Update (SP 800-90A §10.2.1.2); what `data` lacks is zeros. */
  #update(data?: Uint8Array): void {
    const next = this.#keystream(this.#state.length);
    for (const [index, byte] of (data || []).entries()) next[index] = (next[index] ?? 0) ^ byte;
    this.#state.set(next);
    next.fill(0);
  }
}

/** Adds to a big-endian number, modulo its size. */
function increment(counter: Bytes, count: number): void {
  let carry = count;
  for (let i = counter.length - 1; i >= 0; i -= 1) {
    carry += counter[i] ?? 0;
    counter[i] = carry & 0xff;
    carry >>>= 8;
  }
}

function drbg(keyLength: number): AesCtrDrbg {
  return (seed, personalization) => new CtrDrbg(keyLength, seed, personalization);
}

/** The AES-128 CTR_DRBG of SP 800-90A: a seed of 32 bytes. For reproducible tests. */
export const rngAesCtrDrbg128 = /* @__PURE__ */ drbg(16);

/** The AES-256 CTR_DRBG of SP 800-90A: a seed of 48 bytes. For reproducible tests. */
export const rngAesCtrDrbg256 = /* @__PURE__ */ drbg(32);
