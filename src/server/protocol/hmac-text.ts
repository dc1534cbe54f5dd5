import { createHmac, hash } from "node:crypto";

const BLOCK_BYTES = 64;
const SHORT_ASCII = /^[ -~]{1,64}$/;
const pad = Buffer.alloc(BLOCK_BYTES);

/**
 * HMAC (RFC 2104) of a text under a text, in two calls of `crypto.hash`: half the time that `createHmac` takes, which makes a key object
 * and a context for each signature.
 */
export function hmacText(algorithm: "sha1" | "sha256", key: string, message: string, as: "base64" | "hex"): string {
  // A longer key would have to be hashed first, and other characters may be more than one byte.
  if (!SHORT_ASCII.test(key)) return createHmac(algorithm, key).update(message).digest(as);
  const inner = hash(algorithm, padded(key, 0x36) + message, "binary");
  const outer = Buffer.from(padded(key, 0x5c) + inner, "latin1");
  const result = hash(algorithm, outer, as);
  outer.fill(0);
  return result;
}

/** The key as a block, each byte of it combined with `value`: still ASCII, because both have a zero as their highest bit. */
function padded(key: string, value: number): string {
  pad.fill(value);
  for (let at = 0; at < key.length; at++) pad[at] = key.charCodeAt(at) ^ value;
  const text = pad.toString("latin1");
  pad.fill(0);
  return text;
}
