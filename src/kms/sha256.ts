import { sha256 as portable } from "@noble/hashes/sha2.js";

/**
 * SHA-256 of short public input, on the warm path of every call with an encryption context. Node hashes 32 bytes four
 * times as fast as JavaScript does; browsers have no synchronous hash of their own.
 */
export const sha256: (bytes: Uint8Array) => Uint8Array = platformSha256() ?? portable;

function platformSha256(): ((bytes: Uint8Array) => Uint8Array) | undefined {
  const hash = globalThis.process?.getBuiltinModule?.("node:crypto")?.hash;
  return hash && ((bytes) => hash("sha256", bytes, "buffer"));
}
