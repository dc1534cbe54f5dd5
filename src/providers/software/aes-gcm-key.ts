import { aesGcm } from "../../index.ts";
import type { CipherKey } from "../../kms/ports/index.ts";

/** An AES-GCM key in a slot of the engine, and nowhere else, so that `dispose` wipes it. Keeps no reference to `material`. */
export function aesGcmKey(material: Uint8Array): CipherKey {
  const aead = aesGcm(material, { backend: "wasm" });
  return {
    synchronous: true,
    encrypt: ({ iv, data, aad }) => aead.seal(iv, data, aad === undefined ? {} : { aad }),
    decrypt: ({ iv, data, aad }) => aead.open(iv, data, aad === undefined ? {} : { aad }),
    dispose: () => aead.dispose(),
  };
}
