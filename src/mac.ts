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
import { Cmac } from "./ciphers/cmac.ts";
import type { Mac } from "./ciphers/mac.ts";
import { aes, sm4 } from "./ciphers/modes-engine.ts";

export type { IntoOption } from "./ciphers/block-mode.ts";
export type { Mac, MacStream } from "./ciphers/mac.ts";
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
