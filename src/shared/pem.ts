import { LanelockError } from "../errors.ts";

/** RFC 7468 §3: lines of 64 characters, a line feed at the end. */
export function encodePem(label: string, der: Uint8Array): string {
  let binary = "";
  for (const byte of der) binary += String.fromCharCode(byte);
  const lines = btoa(binary).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** The DER in a PEM text of exactly one block, whose label must be `label`. */
export function decodePem(label: string, pem: string): Uint8Array<ArrayBuffer> {
  const block = /^\s*-----BEGIN ([A-Z0-9 ]+)-----\r?\n([A-Za-z0-9+/=\s]+)-----END \1-----\s*$/.exec(pem);
  if (block?.[1] !== label) throw new LanelockError("ERR_KEY", `The key is not one PEM block of "${label}"`);
  const base64 = (block[2] ?? "").replace(/\s/g, "");
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new LanelockError("ERR_KEY", "The Base64 of the key's PEM block is not valid", { cause });
  }
}
