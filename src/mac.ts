/**
 * Message authentication codes: CMAC of AES and SM4 (SP 800-38B, RFC 4493), constant-time, synchronous.
 *
 * @example
 * import { aesCmac } from "lanelock/mac";
 * using cmac = aesCmac(key);
 * const tag = cmac.mac(message);
 * if (!cmac.verify(message, tag)) throw new Error("forged");
 *
 * @module
 */

import { aes, sm4 } from "./ciphers/engine-binding/modes-engine.ts";
import { Cmac } from "./ciphers/macs-and-wraps/cmac.ts";
import type { Mac } from "./ciphers/macs-and-wraps/mac.ts";

export type { IntoOption } from "./ciphers/block-modes/block-mode.ts";
export type { Mac, MacStream } from "./ciphers/macs-and-wraps/mac.ts";
export { LanelockError, type LanelockErrorCode } from "./errors.ts";
export type { Bytes } from "./shared/byte-input.ts";

/**
 * AES-CMAC under `key` of 16, 24 or 32 bytes, which is copied.
 *
 * @throws LanelockError `ERR_KEY`, `ERR_BUFFER`, `ERR_LIMIT` (no memory for another key), `ERR_WASM`
 */
export function aesCmac(key: Uint8Array): Mac {
  return new Cmac(aes(), key);
}

/**
 * SM4-CMAC under `key` of 16 bytes, which is copied.
 *
 * @throws LanelockError `ERR_KEY`, `ERR_BUFFER`, `ERR_LIMIT` (no memory for another key), `ERR_WASM`
 */
export function sm4Cmac(key: Uint8Array): Mac {
  return new Cmac(sm4(), key);
}
