/**
 * Ciphers that do not authenticate, or release plaintext before they have: ECB, CBC, CTR, CFB and OFB of AES and SM4, and the stream
 * that opens GCM piece by piece. Use `lanelock` instead unless a format you did not choose asks for one of these.
 *
 * @example
 * import { aesCbc } from "lanelock/unauthenticated";
 * using cbc = aesCbc(key, { padding: "pkcs7" });
 * const ciphertext = cbc.encrypt(iv, plaintext);
 *
 * @module
 */
import type { Aead, MessageOptions } from "./ciphers/aead/aead.ts";
import type { KeyOptions, PaddingOption } from "./ciphers/block-modes/block-mode.ts";
import { Cbc } from "./ciphers/block-modes/cbc.ts";
import { Cfb } from "./ciphers/block-modes/cfb.ts";
import { type AesCtrOptions, Ctr, type CtrOptions } from "./ciphers/block-modes/ctr.ts";
import { Ecb } from "./ciphers/block-modes/ecb.ts";
import { Ofb } from "./ciphers/block-modes/ofb.ts";
import { aes, aesWithBlocks, sm4 } from "./ciphers/engine-binding/cipher-engine.ts";
import { aes as aesModes, sm4 as sm4Modes } from "./ciphers/engine-binding/modes-engine.ts";
import { AEAD, Gcm } from "./ciphers/gcm/gcm.ts";
import { GcmOpenStreamUnverified } from "./ciphers/gcm/gcm-open-stream-unverified.ts";
import { nativeAesCbc, nativeAesCtr, nativeAesEcb } from "./ciphers/native/blocks.ts";
import { LanelockError } from "./errors.ts";

export type { IntoOption, KeyOptions, PaddingOption } from "./ciphers/block-modes/block-mode.ts";
export type { AesCtrOptions, CtrOptions } from "./ciphers/block-modes/ctr.ts";
export type { Backend, BackendOption } from "./ciphers/native/backend.ts";
export { LanelockError, type LanelockErrorCode } from "./errors.ts";
export type { Bytes } from "./shared/byte-input.ts";
export type { Cbc, Cfb, Ctr, Ecb, GcmOpenStreamUnverified, Ofb };

/** AES-CBC under `key` of 16, 24 or 32 bytes, which is copied. @throws LanelockError `ERR_KEY`, `ERR_ARGUMENT`, … */
export function aesCbc(key: Uint8Array, options?: KeyOptions): Cbc {
  return new Cbc(aesWithBlocks(), key, options, nativeAesCbc);
}

/** AES-ECB under `key` of 16, 24 or 32 bytes, which is copied. @throws LanelockError `ERR_KEY`, `ERR_ARGUMENT`, … */
export function aesEcb(key: Uint8Array, options?: KeyOptions): Ecb {
  return new Ecb(aesWithBlocks(), key, options, nativeAesEcb);
}

/**
 * AES-CTR under `key` of 16, 24 or 32 bytes, which is copied. @throws LanelockError `ERR_KEY`, `ERR_ARGUMENT`, …
 *
 * @example
 * using ctr = aesCtr(key, { endianness: "little", bits: 64 }); // as WinZip's AE-2 counts, from a counter block of 1
 */
export function aesCtr(key: Uint8Array, options?: AesCtrOptions): Ctr {
  return new Ctr(aes(), key, options, nativeAesCtr);
}

/** AES-CFB with segments of 128 bits under `key` of 16, 24 or 32 bytes, which is copied. @throws LanelockError `ERR_KEY`, … */
export function aesCfb(key: Uint8Array): Cfb {
  return new Cfb(aesModes(), key);
}

/** AES-OFB under `key` of 16, 24 or 32 bytes, which is copied. @throws LanelockError `ERR_KEY`, … */
export function aesOfb(key: Uint8Array): Ofb {
  return new Ofb(aesModes(), key);
}

/** SM4-CBC under `key` of 16 bytes, which is copied. @throws LanelockError `ERR_KEY`, `ERR_ARGUMENT`, … */
export function sm4Cbc(key: Uint8Array, options?: PaddingOption): Cbc {
  return new Cbc(sm4(), key, options);
}

/** SM4-ECB under `key` of 16 bytes, which is copied. @throws LanelockError `ERR_KEY`, `ERR_ARGUMENT`, … */
export function sm4Ecb(key: Uint8Array, options?: PaddingOption): Ecb {
  return new Ecb(sm4(), key, options);
}

/** SM4-CTR under `key` of 16 bytes, which is copied. @throws LanelockError `ERR_KEY`, `ERR_ARGUMENT`, … */
export function sm4Ctr(key: Uint8Array, options?: CtrOptions): Ctr {
  return new Ctr(sm4(), key, options);
}

/** SM4-CFB with segments of 128 bits under `key` of 16 bytes, which is copied. @throws LanelockError `ERR_KEY`, … */
export function sm4Cfb(key: Uint8Array): Cfb {
  return new Cfb(sm4Modes(), key);
}

/** SM4-OFB under `key` of 16 bytes, which is copied. @throws LanelockError `ERR_KEY`, … */
export function sm4Ofb(key: Uint8Array): Ofb {
  return new Ofb(sm4Modes(), key);
}

/**
 * Begins to open a GCM message that comes in pieces, each released before the tag is known: nothing it returns may be trusted
 * until `final(tag)` has returned.
 *
 * @param aead what `aesGcm` or `sm4Gcm` made
 * @throws LanelockError `ERR_NONCE`, `ERR_ARGUMENT`, `ERR_BUFFER`, `ERR_LIMIT`, `ERR_STATE`
 *
 * @example
 * using stream = openStreamUnverified(aead, nonce, { aad });
 * for await (const chunk of source) await temporary.write(stream.update(chunk));
 * await temporary.write(stream.final(tag)); // throws if forged: delete the temporary file
 */
export function openStreamUnverified(aead: Aead, nonce: Uint8Array, options?: MessageOptions): GcmOpenStreamUnverified {
  // By class, because the stream needs the private state of this copy's engine.
  if (aead instanceof Gcm) return new GcmOpenStreamUnverified(aead.start(nonce, options));
  const message =
    typeof aead === "object" && aead !== null && AEAD in aead
      ? "This Aead was made by another copy of lanelock, whose memory this copy cannot reach: import aesGcm and " +
        "openStreamUnverified from one copy (`npm ls lanelock` shows how many are installed)"
      : "openStreamUnverified takes an object that aesGcm or sm4Gcm made";
  throw new LanelockError("ERR_ARGUMENT", message);
}
