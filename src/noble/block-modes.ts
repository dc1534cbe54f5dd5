import { Cbc } from "../ciphers/block-modes/cbc.ts";
import { Ctr } from "../ciphers/block-modes/ctr.ts";
import { Ecb } from "../ciphers/block-modes/ecb.ts";
import { aes, aesWithBlocks } from "../ciphers/engine-binding/cipher-engine.ts";
import { nativeAesCbc, nativeAesCtr, nativeAesEcb } from "../ciphers/native/blocks.ts";
import type { Bytes } from "../shared/byte-input.ts";
import {
  BLOCK,
  type CipherWithOutput,
  checkBytes,
  checkKeyLength,
  checkOutput,
  isAligned,
  NOTHING,
  once,
  rejectAad,
  toOutput,
  translated,
  unshared,
  withKey,
} from "./common.ts";

export interface BlockOpts {
  /** Take whole blocks only instead of padding (PKCS#7). */
  disablePadding?: boolean;
}

function aesCtr(key: Uint8Array, nonce: Uint8Array, ...rest: unknown[]): CipherWithOutput {
  checkBytes(key, { title: "key" });
  checkBytes(nonce, { length: BLOCK, title: "nonce" });
  rejectAad(rest);
  const checkOnce = once();
  const add = (data: Uint8Array, output: Uint8Array | undefined) => {
    checkBytes(data, { title: "data" });
    if (output !== undefined) {
      checkBytes(output, { title: "output" });
      if (!isAligned(output)) throw new Error("unaligned destination");
    }
    checkKeyLength(key);
    // Noble copies an input that is not aligned before it looks for overlap, so then any overlap is fine.
    if (output !== undefined) checkOutput(isAligned(data) ? data : NOTHING, output, data.length);
    return unshared([data, key, nonce], (input, k, n) =>
      toOutput(output, (options) =>
        withKey(new Ctr(aes(), k, undefined, nativeAesCtr), (ctr) => ctr.encrypt(n, input, options)),
      ),
    );
  };
  return {
    encrypt(plaintext, output) {
      checkOnce();
      return add(plaintext, output);
    },
    decrypt: add,
  };
}

/** ECB or CBC with its IV bound. */
interface BlockCipher {
  encrypt(data: Uint8Array, options: { into?: Uint8Array }): Bytes;
  decrypt(data: Uint8Array, options: { into?: Uint8Array }): Bytes;
  dispose(): void;
}

/** What ECB and CBC have in common: padding, and an output of exactly the length that goes through the cipher. */
function blockMode(key: Uint8Array, padded: boolean, make: (key: Uint8Array) => BlockCipher): CipherWithOutput {
  const checkOnce = once();
  return {
    encrypt(plaintext, output) {
      checkOnce();
      checkBytes(plaintext, { title: "data" });
      if (output !== undefined) checkBytes(output, { title: "output" });
      const rest = plaintext.length % BLOCK;
      if (!padded && rest !== 0) throw new Error(`plaintext must be multiple of ${BLOCK}`);
      if (output !== undefined) checkOutput(plaintext, output, plaintext.length + (padded ? BLOCK - rest : 0));
      checkKeyLength(key);
      return unshared([plaintext, key], (data, k) =>
        toOutput(output, (options) => withKey(make(k), (cipher) => cipher.encrypt(data, options))),
      );
    },
    decrypt(ciphertext, output) {
      checkBytes(ciphertext, { title: "data" });
      if (output !== undefined) checkBytes(output, { title: "output" });
      if (ciphertext.length % BLOCK !== 0) throw new Error(`ciphertext must be multiple of ${BLOCK}`);
      if (output !== undefined) checkOutput(ciphertext, output, ciphertext.length);
      checkKeyLength(key);
      if (padded && ciphertext.length === 0) throw new Error("pkcs7: empty ciphertext not allowed");
      try {
        return unshared([ciphertext, key], (data, k) =>
          toOutput(output, (options) => withKey(make(k), (cipher) => cipher.decrypt(data, options))),
        );
      } catch (error) {
        throw translated(error, "ERR_PADDING", "aes: bad decrypt");
      }
    },
  };
}

function paddingOf(opts: BlockOpts): "pkcs7" | "none" {
  return opts.disablePadding ? "none" : "pkcs7";
}

function aesEcb(key: Uint8Array, opts: BlockOpts = {}, ...rest: unknown[]): CipherWithOutput {
  checkBytes(key, { title: "key" });
  rejectAad([opts, ...rest]);
  return blockMode(
    key,
    !opts.disablePadding,
    (k) => new Ecb(aesWithBlocks(), k, { padding: paddingOf(opts) }, nativeAesEcb),
  );
}

function aesCbc(key: Uint8Array, iv: Uint8Array, opts: BlockOpts = {}, ...rest: unknown[]): CipherWithOutput {
  checkBytes(key, { title: "key" });
  checkBytes(iv, { length: BLOCK, title: "nonce" });
  rejectAad([opts, ...rest]);
  return blockMode(key, !opts.disablePadding, (k) => {
    const cbc = new Cbc(aesWithBlocks(), k, { padding: paddingOf(opts) }, nativeAesCbc);
    return {
      encrypt: (data, options) => unshared([iv], (first) => cbc.encrypt(first, data, options)),
      decrypt: (data, options) => unshared([iv], (first) => cbc.decrypt(first, data, options)),
      dispose: () => cbc.dispose(),
    };
  });
}

/** AES-CTR: the nonce is the first counter block of 16 bytes. */
export const ctr = /* @__PURE__ */ Object.assign(aesCtr, { blockSize: BLOCK, nonceLength: BLOCK });
/** AES-CBC, padded unless `disablePadding` is set. */
export const cbc = /* @__PURE__ */ Object.assign(aesCbc, { blockSize: BLOCK, nonceLength: BLOCK });
/** AES-ECB, padded unless `disablePadding` is set. */
export const ecb = /* @__PURE__ */ Object.assign(aesEcb, { blockSize: BLOCK });
