import { utf8 } from "./utf8.ts";

export { equalBytes as equalInConstantTime } from "./equal-bytes.ts";
export { utf8 } from "./utf8.ts";

/** Length of a field that is absent: `null` and an empty field encode differently. */
const ABSENT = 0xffffffff;

export type Field = string | number | boolean | Uint8Array | null;

function fieldBytes(field: Exclude<Field, null>): Uint8Array {
  // Not `instanceof`: bytes of another realm would become the text of their digits.
  return typeof field === "object" ? field : utf8(typeof field === "string" ? field : String(field));
}

/**
 * `(u32be length ‖ bytes)*`; an absent field is the length alone. Injective: no two lists of the same types have the same encoding,
 * so authenticated fields cannot be divided differently.
 */
export function lengthPrefixed(fields: readonly Field[]): Uint8Array {
  const parts = fields.map((field) => (field === null ? null : fieldBytes(field)));
  const result = new Uint8Array(parts.reduce((sum, part) => sum + 4 + (part?.length ?? 0), 0));
  const view = new DataView(result.buffer);
  let offset = 0;
  for (const part of parts) {
    view.setUint32(offset, part?.length ?? ABSENT);
    offset += 4;
    if (part === null) continue;
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}

export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte < 16 ? `0${byte.toString(16)}` : byte.toString(16);
  return text;
}
