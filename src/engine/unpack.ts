/** The engine's modules as text: tools/pack-modules.mjs says how. */
export interface PackedModules {
  /** The bytes that are one character each: 256 bits in hexadecimal. */
  readonly frequent: string;
  /** The text of the plain build and that of the relaxed one, or of the wide one alone, cut into chunks. */
  readonly chunks: readonly (readonly string[])[];
}

/** Characters before `{` in the alphabet: all that are printable but `"`, `<` and `\`. */
const LETTERS = 88;

/** The index of a character in the alphabet, from its code. */
function place(code: number): number {
  return code - 32 - Number(code > 34) - Number(code > 60) - Number(code > 92);
}

/** The module of one build: 0, the plain one or the only one, or 1, the relaxed one. */
export function unpack({ frequent, chunks }: PackedModules, build: 0 | 1): Uint8Array<ArrayBuffer> {
  const singles: number[] = [];
  const doubles: number[] = [];
  for (let byte = 0; byte < 256; byte += 1) {
    const isFrequent = (Number.parseInt(frequent.charAt(byte >> 2), 16) >> (byte & 3)) & 1;
    (isFrequent ? singles : doubles).push(byte);
  }
  const text = chunks.map((texts) => texts[build]).join("");
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const isPrefix = code > 122;
    if (isPrefix) at += 1;
    bytes[length] =
      (isPrefix ? doubles[(code - 123) * LETTERS + place(text.charCodeAt(at))] : singles[place(code)]) ?? 0;
    length += 1;
  }
  return bytes.slice(0, length);
}
