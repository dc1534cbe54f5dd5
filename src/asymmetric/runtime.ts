import type * as NodeCrypto from "node:crypto";
import { LanelockError } from "../errors.ts";

/**
 * node:crypto where there is one. Asked of the process at run time and not imported, so that a bundle for a browser
 * neither contains nor misses it.
 */
export function nodeCrypto(): typeof NodeCrypto | undefined {
  return typeof process === "undefined" ? undefined : process.getBuiltinModule?.("node:crypto");
}

/** WebCrypto of the browser or worker. */
export function webCrypto(): SubtleCrypto {
  const subtle = globalThis.crypto?.subtle;
  if (subtle) return subtle;
  throw unsupported("WebCrypto is missing: browsers offer it to pages served over HTTPS or from localhost only");
}

export function unsupported(message: string, options?: ErrorOptions): LanelockError {
  return new LanelockError("ERR_UNSUPPORTED", message, options);
}

/** The one answer to every ciphertext that does not decrypt, whatever is wrong with it. */
export function undecryptable(): LanelockError {
  return new LanelockError("ERR_AUTHENTICATION", "The ciphertext is not one that this key and algorithm decrypt");
}

/** Bytes of our own from a buffer of node:crypto, which is then cleared. */
export function takeBytes(buffer: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(buffer);
  buffer.fill(0);
  return bytes;
}

/** A result of node:crypto that is not secret, as our own bytes: without a copy where it has its memory to itself. */
export function resultBytes(buffer: Uint8Array): Uint8Array<ArrayBuffer> {
  const memory = buffer.buffer;
  // Another realm's ArrayBuffer (jest) is only copied, which is right as well.
  if (memory instanceof ArrayBuffer && memory.byteLength === buffer.byteLength) return new Uint8Array(memory);
  return new Uint8Array(buffer);
}
