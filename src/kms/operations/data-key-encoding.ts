import { utf8 } from "../../shared/encoding.ts";
import { invalidParameter } from "../ports/errors.ts";
import { choice } from "../wire/request-fields.ts";

/** `base64` encrypts the base64 text of a data key, as the service does over HTTP; `raw`, the default, its bytes. */
export type DataKeyEncoding = "raw" | "base64";

export function dataKeyEncoding(value: unknown): DataKeyEncoding {
  return choice(value, "DataKeyEncoding", { of: ["raw", "base64"], otherwise: "raw" });
}

/** What is encrypted of a data key. A copy: wipe both. */
export function encodeDataKey(dataKey: Uint8Array, encoding: DataKeyEncoding): Uint8Array {
  return encoding === "raw" ? new Uint8Array(dataKey) : utf8(btoa(String.fromCharCode(...dataKey)));
}

/** The data key in what was decrypted. A copy: wipe both. */
export function decodeDataKey(plaintext: Uint8Array, encoding: DataKeyEncoding): Uint8Array {
  if (encoding === "raw") return new Uint8Array(plaintext);
  const text = String.fromCharCode(...plaintext);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) {
    throw invalidParameter("CiphertextBlob", "It holds no base64 text: the data key was not made over HTTP.");
  }
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
