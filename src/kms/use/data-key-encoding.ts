import { decodeBase64, encodeBase64 } from "../../shared/constant-time-base64.ts";
import { invalidParameter } from "../ports/errors.ts";
import { withDefault } from "../schema/field.ts";
import { choice } from "../schema/text.ts";

/** `base64` encrypts the base64 text of a data key, as the service does over HTTP; `raw`, the default, its bytes. */
export type DataKeyEncoding = "raw" | "base64";

/** Over HTTP the service always encrypts the text, so that every client can use another's data keys. */
export const dataKeyEncoding = {
  ...withDefault(
    choice<DataKeyEncoding>(["raw", "base64"], {
      doc: "Ours: `base64` encrypts the Base64 text of the data key, as the service does over HTTP.",
    }),
    "raw",
  ),
  fixed: "base64",
} as const;

/** The form of a data key that is encrypted. A copy: wipe both. */
export function encodeDataKey(dataKey: Uint8Array, encoding: DataKeyEncoding): Uint8Array {
  return encoding === "raw" ? new Uint8Array(dataKey) : encodeBase64(dataKey);
}

/** The data key in a decrypted plaintext. A copy: wipe both. */
export function decodeDataKey(plaintext: Uint8Array, encoding: DataKeyEncoding): Uint8Array {
  if (encoding === "raw") return new Uint8Array(plaintext);
  const dataKey = decodeBase64(plaintext);
  if (!dataKey) {
    throw invalidParameter("CiphertextBlob", "It holds no base64 text: the data key was not made over HTTP.");
  }
  return dataKey;
}
