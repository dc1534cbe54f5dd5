import type { Contender } from "../case.ts";
import type { GcmInput } from "./node-crypto.ts";

export const WEB_CRYPTO = "WebCrypto";

type Parameters = AesGcmParams | AesCbcParams | AesCtrParams;

/** One call after the other, each awaited. Its key is imported before. */
export async function webCryptoCall(
  way: "encrypt" | "decrypt",
  key: Uint8Array<ArrayBuffer>,
  parameters: Parameters,
  data: Uint8Array<ArrayBuffer>,
): Promise<Contender> {
  const imported = await crypto.subtle.importKey("raw", key, parameters.name, false, [way]);
  return {
    name: WEB_CRYPTO,
    run: async () => new Uint8Array(await crypto.subtle[way](parameters, imported, data)),
  };
}

export function gcmParameters({ nonce, aad }: Pick<GcmInput, "nonce" | "aad">): AesGcmParams {
  return { name: "AES-GCM", iv: Uint8Array.from(nonce), additionalData: Uint8Array.from(aad) };
}
