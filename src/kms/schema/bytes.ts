import { utf8 } from "../../shared/encoding.ts";
import { validTextOf } from "../../shared/utf8.ts";
import { invalidParameter } from "../ports/errors.ts";
import { requiredBytes } from "../wire/request-fields.ts";
import { base64Json, base64Parameter, fromBase64, toBase64 } from "./base64.ts";
import { expected, type Field, type Notes } from "./field.ts";
import { groupedDigits } from "./grouped-digits.ts";

interface ByteNotes extends Notes {
  /** Bytes. */
  readonly most?: number;
  /** What to do with more. */
  readonly remedy?: string;
  /** The lengths of a response, in words. */
  readonly lengths?: string;
}

/**
 * Bytes, in process a `Uint8Array` and over HTTP Base64. An operation gets them in an array without any code of the caller's, over
 * the caller's memory: copy what is used after a wait.
 */
export function bytes({ most, remedy, lengths, ...notes }: ByteNotes = {}): Field<Uint8Array, Uint8Array, true> {
  return {
    ...notes,
    required: true,
    type: "bytes",
    limits: lengths ?? (most === undefined ? undefined : `at most ${groupedDigits(most)} bytes`),
    read(value, parameter) {
      const given = requiredBytes(value, parameter);
      if (most === undefined || given.length <= most) return given;
      throw invalidParameter(parameter, `It may have ${most} bytes${remedy === undefined ? "." : `; ${remedy}.`}`);
    },
    fromText: base64Parameter,
    toText: (value, parameter) => toBase64(requiredBytes(value, parameter)),
    toJson: toBase64,
    fromJson: base64Json,
  };
}

/**
 * A plaintext of the service, which over HTTP is text: Encrypt encrypts the UTF-8 bytes of the text it is given, and Decrypt answers
 * with the text. Clients put Base64 there, as the official ones do. So the server neither encodes nor decodes Base64, and the client
 * does both; what was encrypted in process as bytes is no text, and is answered where Base64 is asked for.
 */
export function plaintext(notes: ByteNotes = {}): Field<Uint8Array, Uint8Array, true> {
  return {
    ...bytes(notes),
    fromText: (given) => utf8(given),
    toJson(value, options) {
      if (options.plaintext === "base64") return toBase64(value);
      const text = validTextOf(value);
      if (text !== undefined) return text;
      throw invalidParameter(
        "CiphertextBlob",
        "Its plaintext is no UTF-8 text: it was encrypted in process. Ask for Base64 with the header " +
          "x-lanelock-plaintext: base64.",
      );
    },
    fromJson(json) {
      const value = typeof json === "string" ? fromBase64(json) : undefined;
      if (value === undefined) throw expected("a plaintext in Base64, as clients encrypt it");
      return value;
    },
  };
}
