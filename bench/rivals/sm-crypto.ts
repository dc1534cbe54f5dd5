import { sm4 } from "sm-crypto-v2";
import type { Contender } from "../case.ts";
import type { BlockInput } from "./node-crypto.ts";

export const SM_CRYPTO = "sm-crypto-v2";

/** Without padding; ECB where there is no IV. */
function optionsFor(iv: Uint8Array | null) {
  return { output: "array" as const, padding: "none" as const, ...(iv === null ? {} : { mode: "cbc" as const, iv }) };
}

export function smCryptoEncrypt({ key, iv, data }: BlockInput): Contender {
  const options = optionsFor(iv);
  return { name: SM_CRYPTO, run: () => sm4.encrypt(data, key, options) };
}

export function smCryptoDecrypt({ key, iv, data }: BlockInput): Contender {
  const options = optionsFor(iv);
  return { name: SM_CRYPTO, run: () => sm4.decrypt(data, key, options) };
}
