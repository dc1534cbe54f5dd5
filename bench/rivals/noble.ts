import { cbc, ctr, ecb, gcm } from "@noble/ciphers/aes.js";
import type { Contender } from "../case.ts";
import { outputFor } from "../sizes.ts";
import type { BlockInput, GcmInput } from "./node-crypto.ts";

export const NOBLE = "@noble/ciphers";

export function nobleSeal({ key, nonce, aad, data }: GcmInput): Contender {
  return { name: NOBLE, run: () => gcm(key, nonce, aad).encrypt(data) };
}

export function nobleOpen({ key, nonce, aad, data }: GcmInput): Contender {
  return { name: NOBLE, run: () => gcm(key, nonce, aad).decrypt(data) };
}

/** The cipher object for the mode that `algorithm` ends with, without padding. */
function cipherOf({ algorithm, key, iv }: BlockInput) {
  const options = { disablePadding: true };
  if (iv === null) return ecb(key, options);
  return algorithm.endsWith("ctr") ? ctr(key, iv) : cbc(key, iv, options);
}

export function nobleEncrypt(input: BlockInput): Contender {
  const output = outputFor(input.data.length);
  return { name: NOBLE, run: () => cipherOf(input).encrypt(input.data, output) };
}

export function nobleDecrypt(input: BlockInput): Contender {
  const output = outputFor(input.data.length);
  return { name: NOBLE, run: () => cipherOf(input).decrypt(input.data, output) };
}
