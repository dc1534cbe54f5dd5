import { aes } from "../ciphers/engine-binding/modes-engine.ts";
import { Cmac as EngineCmac } from "../ciphers/macs-and-wraps/cmac.ts";
import type { MacStream } from "../ciphers/macs-and-wraps/mac.ts";
import type { Bytes } from "../shared/byte-input.ts";
import { BLOCK, checkBytes, checkKeyLength, isAligned, TAG, unshared, withKey } from "./common.ts";

/** A CMAC that takes its message in pieces. `digest()` and `destroy()` wipe it. */
export interface Cmac {
  readonly blockLen: number;
  readonly outputLen: number;
  update(data: Uint8Array): this;
  /** Writes the tag to the first 16 bytes of `out`. */
  digestInto(out: Uint8Array): void;
  digest(): Bytes;
  destroy(): void;
}

class PiecewiseCmac implements Cmac {
  readonly blockLen = BLOCK;
  readonly outputLen = TAG;
  readonly #key: EngineCmac;
  readonly #stream: MacStream;
  #finished = false;
  #destroyed = false;

  constructor(key: Uint8Array) {
    checkBytes(key);
    checkKeyLength(key);
    this.#key = unshared([key], (k) => new EngineCmac(aes(), k));
    this.#stream = this.#key.stream();
  }

  #checkLive(): void {
    if (this.#destroyed) throw new Error("hash was destroyed");
    if (this.#finished) throw new Error("digest() was already called");
  }

  update(data: Uint8Array): this {
    this.#checkLive();
    checkBytes(data);
    unshared([data], (chunk) => this.#stream.update(chunk));
    return this;
  }

  digestInto(out: Uint8Array): void {
    this.#checkLive();
    checkBytes(out, { title: "output" });
    if (out.length < TAG) throw new RangeError(`"output" expected length >= ${TAG}`);
    if (!isAligned(out)) throw new Error("invalid output, must be aligned");
    out.set(this.#finish());
  }

  digest(): Bytes {
    this.#checkLive();
    const tag = this.#finish();
    this.destroy();
    return tag;
  }

  destroy(): void {
    this.#destroyed = true;
    this.#stream.dispose();
    this.#key.dispose();
  }

  /** Nothing can follow, so the key is wiped here already. */
  #finish(): Bytes {
    this.#finished = true;
    const tag = this.#stream.final();
    this.#key.dispose();
    return tag;
  }
}

function aesCmac(msg: Uint8Array, key: Uint8Array): Bytes {
  checkBytes(key);
  checkKeyLength(key);
  checkBytes(msg);
  return unshared([msg, key], (message, k) => withKey(new EngineCmac(aes(), k), (mac) => mac.mac(message)));
}

/** AES-CMAC (RFC 4493): `cmac(message, key)`, or `cmac.create(key)` for a message in pieces. */
export const cmac = /* @__PURE__ */ Object.assign(aesCmac, {
  outputLen: TAG,
  blockLen: BLOCK,
  create: (key: Uint8Array): Cmac => new PiecewiseCmac(key),
});
