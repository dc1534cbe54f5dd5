import { invalidParameter } from "../ports/errors.ts";
import { expected } from "./field.ts";

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** Arguments of one call are limited; a multiple of 3, so that the pieces join. */
const PIECE = 3 * 4_096;

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += PIECE) text += btoa(String.fromCharCode(...bytes.subarray(i, i + PIECE)));
  return text;
}

/** Canonical Base64 with padding (RFC 4648 §4); `undefined` for anything else. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (!BASE64.test(text)) return undefined;
  const latin1 = atob(text);
  const bytes = new Uint8Array(latin1.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = latin1.charCodeAt(i);
  // Bits past the last byte must be zero: one value has one encoding.
  const lastGroup = bytes.length - (bytes.length % 3 || 3);
  return toBase64(bytes.subarray(lastGroup)) === text.slice(-4) ? bytes : undefined;
}

/** @throws KmsError `InvalidParameter` */
export function base64Parameter(text: string, parameter: string): Uint8Array {
  const bytes = fromBase64(text);
  if (bytes !== undefined) return bytes;
  throw invalidParameter(parameter, "It must be Base64 with padding (RFC 4648).");
}

/** @throws TypeError */
export function base64Json(json: unknown): Uint8Array {
  const bytes = typeof json === "string" ? fromBase64(json) : undefined;
  if (bytes === undefined) throw expected("Base64");
  return bytes;
}
