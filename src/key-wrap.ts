/**
 * AES key wrap: KW and KWP of SP 800-38F (RFC 3394, RFC 5649), constant-time, synchronous.
 *
 * @example
 * import { aesKw } from "lanelock/key-wrap";
 * using kw = aesKw(kek);
 * const wrapped = kw.wrap(dataKey);
 * const material = kw.unwrap(wrapped);
 *
 * @module
 */

import { aes } from "./ciphers/engine-binding/modes-engine.ts";
import { type KeyWrap, Kw, Kwp } from "./ciphers/macs-and-wraps/key-wrap.ts";

export type { IntoOption } from "./ciphers/block-modes/block-mode.ts";
export type { KeyWrap } from "./ciphers/macs-and-wraps/key-wrap.ts";
export { LanelockError, type LanelockErrorCode } from "./errors.ts";
export type { Bytes } from "./shared/byte-input.ts";

/**
 * AES-KW under `key` of 16, 24 or 32 bytes, which is copied. It wraps whole semiblocks: a multiple of 8 bytes, at least 16. OpenSSL
 * calls it `id-aes256-wrap`, WebCrypto `AES-KW`, PKCS#11 `CKM_AES_KEY_WRAP`.
 *
 * @throws LanelockError `ERR_KEY`, `ERR_BUFFER`, `ERR_LIMIT` (no memory for another key), `ERR_WASM`
 */
export function aesKw(key: Uint8Array): KeyWrap {
  return new Kw(aes(), key);
}

/**
 * AES-KWP under `key` of 16, 24 or 32 bytes, which is copied. It wraps any number of bytes but none. OpenSSL calls it
 * `id-aes256-wrap-pad`, PKCS#11 `CKM_AES_KEY_WRAP_KWP`.
 *
 * @throws LanelockError `ERR_KEY`, `ERR_BUFFER`, `ERR_LIMIT` (no memory for another key), `ERR_WASM`
 */
export function aesKwp(key: Uint8Array): KeyWrap {
  return new Kwp(aes(), key);
}
