/**
 * The ciphers of `@noble/ciphers/aes.js` 2.4, with its signatures, results and errors: change one import. The key is expanded at every
 * call, as there; the objects of `lanelock` and its other entry points keep it expanded.
 *
 * @example
 * import { gcm } from "lanelock/noble";
 * const sealed = gcm(key, nonce, aad).encrypt(plaintext);
 *
 * @module
 */
export { type BlockOpts, cbc, ctr, ecb } from "./noble/block-modes.ts";
export { cfb } from "./noble/cfb.ts";
export { type Cmac, cmac } from "./noble/cmac.ts";
export type { Cipher, CipherWithOutput } from "./noble/common.ts";
export { type AesCtrDrbg, type Drbg, rngAesCtrDrbg128, rngAesCtrDrbg256 } from "./noble/drbg.ts";
export { gcm } from "./noble/gcm.ts";
export { gcmsiv } from "./noble/gcm-siv.ts";
export { aeskw, aeskwp } from "./noble/key-wrap.ts";
export { aessiv } from "./noble/siv.ts";

/** In version 1 the name of `gcmsiv`. @throws Error always, as noble's */
export function siv(): never {
  throw new Error('"siv" from v1 is now "gcmsiv"');
}
