import { aes } from "../ciphers/engine-binding/modes-engine.ts";
import { type KeyWrap, Kw, Kwp } from "../ciphers/macs-and-wraps/key-wrap.ts";
import {
  type Cipher,
  checkBytes,
  checkKeyLength,
  once,
  rejectAad,
  rejectOutput,
  translated,
  unshared,
  withKey,
} from "./common.ts";

/** Bytes of a semiblock, by which lengths are counted. */
const SEMIBLOCK = 8;

/** What KW and KWP differ in. */
interface Form {
  readonly make: (key: Uint8Array) => KeyWrap;
  /** Throws for plaintext of a length that it does not wrap. */
  readonly checkPlaintext: (length: number) => void;
  readonly isPossible: (wrapped: number) => boolean;
}

function keyWrap({ make, checkPlaintext, isPossible }: Form) {
  return (kek: Uint8Array, ...rest: unknown[]): Cipher => {
    checkBytes(kek, { title: "key" });
    rejectAad(rest);
    const checkOnce = once();
    return {
      encrypt(plaintext, ...output: unknown[]) {
        checkOnce();
        checkBytes(plaintext, { title: "data" });
        rejectOutput(output);
        checkPlaintext(plaintext.length);
        checkKeyLength(kek);
        return unshared([plaintext, kek], (data, k) => withKey(make(k), (key) => key.wrap(data)));
      },
      decrypt(ciphertext, ...output: unknown[]) {
        checkBytes(ciphertext, { title: "data" });
        rejectOutput(output);
        if (!isPossible(ciphertext.length)) throw new Error("invalid ciphertext length");
        checkKeyLength(kek);
        if (ciphertext.length % SEMIBLOCK !== 0) throw new Error("integrity check failed");
        try {
          return unshared([ciphertext, kek], (data, k) => withKey(make(k), (key) => key.unwrap(data)));
        } catch (error) {
          throw translated(error, "ERR_AUTHENTICATION", "integrity check failed");
        }
      },
    };
  };
}

/** AES-KW (RFC 3394): a multiple of 8 bytes, at least 16. */
export const aeskw = /* @__PURE__ */ Object.assign(
  /* @__PURE__ */ keyWrap({
    make: (key) => new Kw(aes(), key),
    checkPlaintext(length) {
      if (length === 0 || length % SEMIBLOCK !== 0) throw new Error("invalid plaintext length");
      if (length === SEMIBLOCK) throw new Error("8-byte keys not allowed, use AESKWP");
    },
    isPossible: (wrapped) => wrapped % SEMIBLOCK === 0 && wrapped >= 3 * SEMIBLOCK,
  }),
  { blockSize: SEMIBLOCK },
);

/** AES-KWP (RFC 5649): any number of bytes but none. */
export const aeskwp = /* @__PURE__ */ Object.assign(
  /* @__PURE__ */ keyWrap({
    make: (key) => new Kwp(aes(), key),
    checkPlaintext(length) {
      if (length === 0) throw new Error("invalid plaintext length");
    },
    isPossible: (wrapped) => wrapped >= 2 * SEMIBLOCK,
  }),
  { blockSize: SEMIBLOCK },
);
