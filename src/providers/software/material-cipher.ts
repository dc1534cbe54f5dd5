import { aesGcm } from "../../index.ts";
import type { MaterialCipher } from "../../kms/ports/index.ts";

/** The cipher that wraps material at rest: the engine's AES-256-GCM. Each key is loaded for one call. */
export const materialCipher: MaterialCipher = {
  seal({ key, nonce, data, aad }) {
    const aead = aesGcm(key, { backend: "wasm" });
    try {
      return aead.seal(nonce, data, { aad });
    } finally {
      aead.dispose();
    }
  },

  open({ key, nonce, data, aad }) {
    const aead = aesGcm(key, { backend: "wasm" });
    try {
      return aead.open(nonce, data, { aad });
    } finally {
      aead.dispose();
    }
  },
};
