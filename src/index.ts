/**
 * Authenticated encryption, constant-time and synchronous: AES-GCM and SM4-GCM (SP 800-38D, RFC 8998), AES-GCM-SIV (RFC 8452),
 * XAES-256-GCM (C2SP), AES-CCM and SM4-CCM (SP 800-38C), AES-SIV (RFC 5297).
 *
 * @example
 * import { aesGcm } from "lanelock";
 * using aead = aesGcm(key);
 * const sealed = aead.seal(nonce, plaintext, { aad });
 * const opened = aead.open(nonce, sealed, { aad });
 *
 * @module
 */
import type { Aead } from "./ciphers/aead/aead.ts";
import { aes, sm4 } from "./ciphers/engine-binding/cipher-engine.ts";
import { type AesGcmOptions, Gcm, type GcmOptions } from "./ciphers/gcm/gcm.ts";
import { nativeAesGcm } from "./ciphers/native/gcm.ts";

// Further modes, which bundlers leave out where they are not used: after what every program has.

import type { MessageAead } from "./ciphers/aead/message-aead.ts";
import { aes as aesModes, sm4 as sm4Modes } from "./ciphers/engine-binding/modes-engine.ts";
import { type CcmOptions, ccm } from "./ciphers/message/ccm.ts";
import { gcmSiv } from "./ciphers/message/gcm-siv.ts";
import { AesSiv } from "./ciphers/message/siv.ts";
import { xaes } from "./ciphers/message/xaes-256-gcm.ts";
import { ManagedNonce, type ManagedNonceOptions, type NonceAead } from "./ciphers/nonces/managed-nonce.ts";

export type { Aead, IntoOptions, Message, MessageOptions, SealStream } from "./ciphers/aead/aead.ts";
export type { MessageAead } from "./ciphers/aead/message-aead.ts";
export type { AesGcmOptions, GcmOptions } from "./ciphers/gcm/gcm.ts";
export type { CcmOptions } from "./ciphers/message/ccm.ts";
export type { SivOptions } from "./ciphers/message/siv.ts";
export type { Backend, BackendOption } from "./ciphers/native/backend.ts";
export type { ManagedNonceOptions, ManagedOptions, NonceAead } from "./ciphers/nonces/managed-nonce.ts";
export { randomBytes } from "./ciphers/nonces/random-bytes.ts";
export { LanelockError, type LanelockErrorCode } from "./errors.ts";
export type { Bytes } from "./shared/byte-input.ts";
export type { AesSiv, ManagedNonce };

/**
 * AES-GCM under `key` of 16, 24 or 32 bytes, which is copied.
 *
 * In Node, long messages go to node:crypto, which has the processor's AES instructions, and those of about 1 KiB get their keystream
 * from it; the option `backend` says where they go.
 *
 * @throws LanelockError `ERR_KEY`, `ERR_ARGUMENT`, `ERR_BUFFER`, `ERR_LIMIT` (no memory for another key), `ERR_WASM`;
 *   `ERR_UNSUPPORTED` if the backend is `"native"` and the host has no node:crypto
 */
export function aesGcm(key: Uint8Array, options?: AesGcmOptions): Aead {
  return new Gcm(aes(), key, options, nativeAesGcm);
}

/**
 * SM4-GCM under `key` of 16 bytes, which is copied.
 *
 * @throws LanelockError `ERR_KEY`, `ERR_ARGUMENT`, `ERR_BUFFER`, `ERR_LIMIT` (no memory for another key), `ERR_WASM`
 */
export function sm4Gcm(key: Uint8Array, options?: GcmOptions): Aead {
  return new Gcm(sm4(), key, options);
}

/**
 * AES-GCM-SIV (RFC 8452) under `key` of 16 or 32 bytes, which is copied. Its nonce has 12 bytes. A repeated nonce reveals only whether two
 * messages are the same. It commits to no key: a ciphertext can be made that opens under two.
 *
 * @throws LanelockError `ERR_KEY`, `ERR_BUFFER`, `ERR_LIMIT` (no memory for another key), `ERR_WASM`
 * @example
 * using aead = aesGcmSiv(randomBytes(32));
 * const sealed = aead.seal(randomBytes(12), plaintext, { aad });
 */
export function aesGcmSiv(key: Uint8Array): MessageAead {
  return gcmSiv(key);
}

/**
 * XAES-256-GCM (C2SP) under `key` of 32 bytes, which is copied. Its nonce has 24 bytes, enough to draw it at random for every message. It
 * commits to no key: a ciphertext can be made that opens under two.
 *
 * @throws LanelockError `ERR_KEY`, `ERR_BUFFER`, `ERR_LIMIT` (no memory for another key), `ERR_WASM`
 * @example
 * using aead = xaes256Gcm(randomBytes(32));
 * const sealed = aead.seal(randomBytes(24), plaintext, { aad });
 */
export function xaes256Gcm(key: Uint8Array): MessageAead {
  return xaes(key);
}

/**
 * AES-CCM (SP 800-38C) under `key` of 16, 24 or 32 bytes, which is copied. Its nonce has 7 to 13 bytes, and a message at most
 * 2^(8·(15 − nonce)) − 1: 16 MiB with 12 bytes. For protocols that ask for it; it is slower than GCM.
 *
 * @throws LanelockError `ERR_KEY`, `ERR_ARGUMENT`, `ERR_BUFFER`, `ERR_LIMIT` (no memory for another key), `ERR_WASM`
 */
export function aesCcm(key: Uint8Array, options?: CcmOptions): MessageAead {
  return ccm(aesModes(), key, options);
}

/**
 * SM4-CCM (RFC 8998) under `key` of 16 bytes, which is copied; nonce and limits as of {@link aesCcm}.
 *
 * @throws LanelockError `ERR_KEY`, `ERR_ARGUMENT`, `ERR_BUFFER`, `ERR_LIMIT` (no memory for another key), `ERR_WASM`
 */
export function sm4Ccm(key: Uint8Array, options?: CcmOptions): MessageAead {
  return ccm(sm4Modes(), key, options);
}

/**
 * AES-SIV (RFC 5297) under `key` of 32, 48 or 64 bytes, which is copied: half of it for AES-CMAC, half for AES-CTR. Needs no nonce.
 *
 * @throws LanelockError `ERR_KEY`, `ERR_BUFFER`, `ERR_LIMIT` (no memory for another key), `ERR_WASM`
 */
export function aesSiv(key: Uint8Array): AesSiv {
  return new AesSiv(aesModes(), key);
}

/**
 * Draws a random nonce for every message, and puts it in front of it. `dispose()` wipes the AEAD's key.
 *
 * @param aead any AEAD of this package; XAES-256-GCM suits best, because random nonces of 24 bytes never run out
 * @throws LanelockError `ERR_ARGUMENT`
 * @example
 * using box = managedNonce(xaes256Gcm(randomBytes(32)));
 * const sealed = box.seal(plaintext, { aad }); // nonce ‖ ciphertext ‖ tag
 * const opened = box.open(sealed, { aad });
 */
export function managedNonce<A extends NonceAead>(aead: A, options?: ManagedNonceOptions): ManagedNonce<A> {
  return new ManagedNonce(aead, options);
}
