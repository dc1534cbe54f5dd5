import { LanelockError } from "../errors.ts";

interface Encoder {
  encode(text: string): Uint8Array;
}

let encoder: Encoder | undefined;

/** UTF-8 of a text. A lone surrogate becomes U+FFFD, as the Encoding Standard has it. */
export function utf8(text: string): Uint8Array {
  encoder ??= findEncoder();
  return encoder.encode(text);
}

/** Looked up at first use, not at load: jest's jsdom environment hides TextEncoder, and the import must work there. */
function findEncoder(): Encoder {
  const Platform = globalThis.TextEncoder ?? globalThis.process?.getBuiltinModule?.("node:util")?.TextEncoder;
  return Platform ? new Platform() : { encode: encodeUtf8 };
}

/** The Encoding Standard's UTF-8 encoder, for hosts that have none. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const found = character.codePointAt(0) ?? 0;
    const point = found >= 0xd800 && found <= 0xdfff ? 0xfffd : found;
    if (point < 0x80) {
      bytes.push(point);
      continue;
    }
    const following = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    const lead = [0, 0xc0, 0xe0, 0xf0][following] ?? 0;
    bytes.push(lead | (point >> (6 * following)));
    for (let i = following - 1; i >= 0; i--) bytes.push(0x80 | ((point >> (6 * i)) & 0x3f));
  }
  return Uint8Array.from(bytes);
}

interface Decoder {
  decode(bytes: Uint8Array): string;
}

let decoder: Decoder | undefined;

/** The text of UTF-8. Invalid bytes become U+FFFD; a byte order mark at the start is dropped. */
export function textOf(bytes: Uint8Array): string {
  decoder ??= findDecoder();
  return decoder.decode(bytes);
}

/** Looked up at first use, for the same reason as the encoder. */
function platformDecoder(): typeof TextDecoder | undefined {
  return globalThis.TextDecoder ?? globalThis.process?.getBuiltinModule?.("node:util")?.TextDecoder;
}

function findDecoder(): Decoder {
  const Platform = platformDecoder();
  return Platform ? new Platform() : { decode: decodeUtf8 };
}

/** For hosts without a decoder: the text of valid UTF-8, and U+FFFD for all of a text that is not. */
export function decodeUtf8(bytes: Uint8Array): string {
  const escaped = Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
  try {
    return decodeURIComponent(escaped).replace(/^\uFEFF/, "");
  } catch {
    return "\uFFFD";
  }
}

let strictDecoder: Decoder | undefined;

/**
 * The text of valid UTF-8, a byte order mark included; `undefined` for other bytes.
 *
 * @throws LanelockError `ERR_UNSUPPORTED` if the host has no TextDecoder
 */
export function validTextOf(bytes: Uint8Array): string | undefined {
  strictDecoder ??= findStrictDecoder();
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return undefined;
  }
}

function findStrictDecoder(): Decoder {
  const Platform = platformDecoder();
  if (!Platform) throw new LanelockError("ERR_UNSUPPORTED", "This host has no TextDecoder: use one that has it");
  return new Platform("utf-8", { fatal: true, ignoreBOM: true });
}
