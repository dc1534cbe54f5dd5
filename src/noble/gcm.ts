import { aes } from "../ciphers/engine-binding/cipher-engine.ts";
import { Gcm } from "../ciphers/gcm/gcm.ts";
import { nativeAesGcm } from "../ciphers/native/gcm.ts";
import {
  BLOCK,
  type Cipher,
  checkBytes,
  checkKeyLength,
  checkTagged,
  NOTHING,
  once,
  rejectOutput,
  TAG,
  translated,
  unshared,
  withKey,
} from "./common.ts";

function aesGcm(key: Uint8Array, nonce: Uint8Array, AAD?: Uint8Array): Cipher {
  checkBytes(key, { title: "key" });
  checkBytes(nonce, { title: "nonce" });
  if (AAD !== undefined) checkBytes(AAD, { title: "AAD" });
  if (nonce.length < 8) throw new Error("aes/gcm: invalid nonce length");
  const rest = [key, nonce, AAD ?? NOTHING];
  const checkOnce = once();
  const prepare = (output: unknown[]) => {
    rejectOutput(output);
    checkKeyLength(key);
  };
  return {
    encrypt(plaintext, ...output: unknown[]) {
      checkOnce();
      checkBytes(plaintext, { title: "data" });
      prepare(output);
      return unshared([plaintext, ...rest], (data, k, n, aad) =>
        withKey(new Gcm(aes(), k, undefined, nativeAesGcm), (aead) => aead.seal(n, data, { aad })),
      );
    },
    decrypt(ciphertext, ...output: unknown[]) {
      checkBytes(ciphertext, { title: "data" });
      checkTagged(ciphertext);
      try {
        prepare(output);
        return unshared([ciphertext, ...rest], (data, k, n, aad) =>
          withKey(new Gcm(aes(), k, undefined, nativeAesGcm), (aead) => aead.open(n, data, { aad })),
        );
      } catch (error) {
        throw translated(error, "ERR_AUTHENTICATION", "aes-gcm: invalid tag");
      }
    },
  };
}

/** AES-GCM: nonce of 8 bytes or more, tag of 16 bytes behind the ciphertext. */
export const gcm = /* @__PURE__ */ Object.assign(aesGcm, {
  blockSize: BLOCK,
  nonceLength: 12,
  tagLength: TAG,
  withAAD: true as const,
  varSizeNonce: true as const,
});
