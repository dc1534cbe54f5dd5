import type * as NodeCrypto from "node:crypto";
import { LanelockError } from "../errors.ts";

/** node:crypto, where it exists. Looked up at run time, not imported, so that browser bundles neither contain nor require it. */
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

/** The same error for every ciphertext that does not decrypt. */
export function undecryptable(): LanelockError {
  return new LanelockError("ERR_AUTHENTICATION", "The ciphertext is not one that this key and algorithm decrypt");
}

/** Copies a secret out of a buffer of node:crypto and wipes the buffer. */
export function takeBytes(buffer: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(buffer);
  buffer.fill(0);
  return bytes;
}

/** A result of node:crypto that is not secret. Copied only if it shares its memory with others. */
export function resultBytes(buffer: Uint8Array): Uint8Array<ArrayBuffer> {
  const memory = buffer.buffer;
  // An ArrayBuffer of another realm (jest) is copied, which is correct too.
  if (memory instanceof ArrayBuffer && memory.byteLength === buffer.byteLength) return new Uint8Array(memory);
  return new Uint8Array(buffer);
}
