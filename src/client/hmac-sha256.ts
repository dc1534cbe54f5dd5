import { LanelockError } from "../errors.ts";
import { toHex, utf8 } from "../shared/encoding.ts";
import { HmacSha256, hasOwnSha256, sha256 } from "../shared/hash/sha256.ts";
import type { MaybePromise } from "../shared/maybe-promise.ts";

/** HMAC-SHA-256 (RFC 2104) of a text's UTF-8 bytes under the secret it was made for, in hexadecimal. */
export type TextHmac = (text: string) => MaybePromise<string>;

/**
 * By WebCrypto, in pages and edge runtimes; in Node by the hash that its other signatures use. WebCrypto signs on another thread there:
 * the way to it and back takes some 30 µs, and on a busy machine as long as the request.
 */
export const hmacSha256: (secret: string) => TextHmac = hasOwnSha256 ? ownHmac : webCryptoHmac;

const BLOCK = 64;

export function ownHmac(secret: string): TextHmac {
  const bytes = utf8(secret);
  const hmac = new HmacSha256(bytes.length > BLOCK ? sha256(bytes) : bytes);
  return (text) => hmac.hexDigest(utf8(text));
}

/** @throws LanelockError `ERR_UNSUPPORTED` for a host without WebCrypto */
export function webCryptoHmac(secret: string): TextHmac {
  const { subtle } = webCrypto();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  // Once for each secret: importing takes as long as signing.
  const importing = subtle.importKey("raw", utf8(secret) as BufferSource, algorithm, false, ["sign"]);
  return async (text) => toHex(new Uint8Array(await subtle.sign("HMAC", await importing, utf8(text) as BufferSource)));
}

/** Looked up at first use: test environments hide the global `crypto`, and Node's module still has it. */
function webCrypto(): { readonly subtle: Pick<SubtleCrypto, "importKey" | "sign"> } {
  const found = globalThis.crypto?.subtle
    ? globalThis.crypto
    : globalThis.process?.getBuiltinModule?.("node:crypto")?.webcrypto;
  if (found !== undefined) return found;
  throw new LanelockError(
    "ERR_UNSUPPORTED",
    "This host has no WebCrypto, which signs requests. A page has it if it comes by https or from this machine.",
  );
}
