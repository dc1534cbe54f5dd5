import { gcmSiv } from "../ciphers/message/gcm-siv.ts";
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

const NONCE = 12;

/** RFC 8452 has no keys of 24 bytes. Noble takes them. */
const KEY_LENGTHS = [16, 24, 32];

function aesGcmSiv(key: Uint8Array, nonce: Uint8Array, AAD?: Uint8Array): Cipher {
  checkBytes(key, { title: "key" });
  checkBytes(nonce, { title: "nonce" });
  if (AAD !== undefined) checkBytes(AAD, { title: "AAD" });
  checkKeyLength(key);
  if (nonce.length !== NONCE) {
    throw new Error(`nonce: expected value in range [${NONCE}..${NONCE}], got ${nonce.length}`);
  }
  const rest = [key, nonce, AAD ?? NOTHING];
  const checkOnce = once();
  return {
    encrypt(plaintext, ...output: unknown[]) {
      checkOnce();
      checkBytes(plaintext, { title: "data" });
      rejectOutput(output);
      return unshared([plaintext, ...rest], (data, k, n, aad) =>
        withKey(gcmSiv(k, KEY_LENGTHS), (aead) => aead.seal(n, data, { aad })),
      );
    },
    decrypt(ciphertext, ...output: unknown[]) {
      checkBytes(ciphertext, { title: "data" });
      checkTagged(ciphertext);
      rejectOutput(output);
      try {
        return unshared([ciphertext, ...rest], (data, k, n, aad) =>
          withKey(gcmSiv(k, KEY_LENGTHS), (aead) => aead.open(n, data, { aad })),
        );
      } catch (error) {
        throw translated(error, "ERR_AUTHENTICATION", "invalid polyval tag");
      }
    },
  };
}

/** AES-GCM-SIV (RFC 8452): nonce of 12 bytes, tag of 16 bytes behind the ciphertext. */
export const gcmsiv = /* @__PURE__ */ Object.assign(aesGcmSiv, {
  blockSize: BLOCK,
  nonceLength: NONCE,
  tagLength: TAG,
  withAAD: true as const,
  varSizeNonce: true as const,
});
