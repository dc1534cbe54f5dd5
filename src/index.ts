/**
 * Authenticated encryption: AES-GCM and SM4-GCM (SP 800-38D, RFC 8998), constant-time, synchronous.
 *
 * @example
 * import { aesGcm } from "lanelock";
 * using aead = aesGcm(key);
 * const sealed = aead.seal(nonce, plaintext, { aad });
 * const opened = aead.open(nonce, sealed, { aad });
 *
 * @module
 */
import type { Aead } from "./ciphers/aead.ts";
import { aes, sm4 } from "./ciphers/cipher-engine.ts";
import { Gcm, type GcmOptions } from "./ciphers/gcm.ts";

export type { Aead, IntoOptions, Message, MessageOptions, SealStream } from "./ciphers/aead.ts";
export type { GcmOptions } from "./ciphers/gcm.ts";
export { LanelockError, type LanelockErrorCode } from "./errors.ts";
export type { Bytes } from "./shared/byte-input.ts";

/**
 * AES-GCM under `key` of 16, 24 or 32 bytes, which is copied.
 *
 * @throws LanelockError `ERR_KEY`, `ERR_ARGUMENT`, `ERR_BUFFER`, `ERR_LIMIT` (no memory for another key), `ERR_WASM`
 */
export function aesGcm(key: Uint8Array, options?: GcmOptions): Aead {
  return new Gcm(aes(), key, options);
}

/**
 * SM4-GCM under `key` of 16 bytes, which is copied.
 *
 * @throws LanelockError `ERR_KEY`, `ERR_ARGUMENT`, `ERR_BUFFER`, `ERR_LIMIT` (no memory for another key), `ERR_WASM`
 */
export function sm4Gcm(key: Uint8Array, options?: GcmOptions): Aead {
  return new Gcm(sm4(), key, options);
}
