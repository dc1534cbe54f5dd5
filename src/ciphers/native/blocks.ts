import type { Bytes } from "../../shared/byte-input.ts";
import type { NodeCipher } from "../../shared/node-crypto.ts";
import { NativeKey, nativeAes } from "./native-key.ts";
import { transformPieces, transformWhole } from "./pieces.ts";

/** A message. Its arrays are checked. */
export interface NativePass {
  /** The IV or the first counter block, 16 bytes. None in ECB. */
  readonly first: Uint8Array | undefined;
  readonly input: Bytes;
  /** Whether the result is plaintext, or may be: then memory that node:crypto allocates is wiped. */
  readonly decrypts: boolean;
}

/** A key for ECB, CBC or CTR by node:crypto. */
export class NativeBlocks extends NativeKey {
  #begin(first: Uint8Array | undefined, decrypts: boolean): NodeCipher {
    const { crypto, algorithm, object } = this;
    if (!decrypts || this.mode === "ctr") return crypto.createCipheriv(algorithm, object, first ?? null);
    const decipher = crypto.createDecipheriv(algorithm, object, first ?? null);
    decipher.setAutoPadding(false);
    return decipher;
  }

  /** Whether `final` may have something to give or to refuse. In CTR it never does, and it takes a fifth of the time of a short message. */
  get #hasEnd(): boolean {
    return this.mode !== "ctr";
  }

  /** Encrypts or decrypts to `output`, which may overlap the input. Bytes of the result beyond its end are dropped. */
  transform({ first, input, decrypts }: NativePass, output: Bytes): void {
    const { length } = input;
    const cipher = this.#begin(first, decrypts);
    transformPieces(cipher, { input, length, output, secret: decrypts });
    if (!this.#hasEnd) return;
    // Encrypting, OpenSSL pads: after whole blocks with a block more.
    const end = length - (length % 16);
    const last = cipher.final();
    if (end < output.length && last.length > 0) output.set(last, end);
  }

  /** Encrypts or decrypts whole blocks, or CTR's any number of bytes, to memory of their own. */
  transformed({ first, input, decrypts }: NativePass): Bytes {
    const cipher = this.#begin(first, decrypts);
    const output = transformWhole(cipher, input, input.length);
    if (this.#hasEnd) cipher.final();
    return output;
  }
}

export const nativeAesEcb = nativeAes("ecb", (source) => new NativeBlocks(source));
export const nativeAesCbc = nativeAes("cbc", (source) => new NativeBlocks(source));
export const nativeAesCtr = nativeAes("ctr", (source) => new NativeBlocks(source));
