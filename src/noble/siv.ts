import { aes } from "../ciphers/engine-binding/modes-engine.ts";
import { AesSiv } from "../ciphers/message/siv.ts";
import {
  BLOCK,
  type Cipher,
  checkBytes,
  checkTagged,
  once,
  rejectOutput,
  TAG,
  translated,
  unshared,
  withKey,
} from "./common.ts";

/** What S2V takes besides the plaintext. */
const MOST_COMPONENTS = 126;

function aesSiv(key: Uint8Array, ...AAD: Uint8Array[]): Cipher {
  checkBytes(key, { title: "key" });
  if (AAD[0] !== undefined) checkBytes(AAD[0], { title: "AAD" });
  if (AAD.length > MOST_COMPONENTS) throw new Error(`"AAD" expected <= ${MOST_COMPONENTS} items`);
  for (const component of AAD) checkBytes(component);
  if (![32, 48, 64].includes(key.length)) {
    throw new Error(`"aes key" expected Uint8Array of length 32/48/64, got length=${key.length}`);
  }
  const checkOnce = once();
  return {
    encrypt(plaintext, ...output: unknown[]) {
      checkOnce();
      checkBytes(plaintext, { title: "data" });
      rejectOutput(output);
      return unshared([plaintext, key, ...AAD], (data, k, ...aad) =>
        withKey(new AesSiv(aes(), k), (cipher) => cipher.seal(data, { aad })),
      );
    },
    decrypt(ciphertext, ...output: unknown[]) {
      checkBytes(ciphertext, { title: "data" });
      checkTagged(ciphertext);
      rejectOutput(output);
      try {
        return unshared([ciphertext, key, ...AAD], (data, k, ...aad) =>
          withKey(new AesSiv(aes(), k), (cipher) => cipher.open(data, { aad })),
        );
      } catch (error) {
        throw translated(error, "ERR_AUTHENTICATION", "invalid siv tag");
      }
    },
  };
}

/** AES-SIV (RFC 5297): V of 16 bytes, then the ciphertext. A nonce, if there is one, is the last of the additional data. */
export const aessiv = /* @__PURE__ */ Object.assign(aesSiv, {
  blockSize: BLOCK,
  tagLength: TAG,
  withAAD: true as const,
});
