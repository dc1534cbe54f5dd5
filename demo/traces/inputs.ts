import { randomBytes } from "lanelock";

export const KEY_BYTES = 16;
export const TEXT_BYTES = 128;
const BLOCK = 16;

/** The key that 32 hexadecimal digits write, with spaces anywhere; nothing if they do not. */
export function keyOf(input: string): Uint8Array<ArrayBuffer> | undefined {
  const digits = input.replace(/\s/g, "");
  if (!/^[0-9a-fA-F]{32}$/.test(digits)) return undefined;
  return Uint8Array.from({ length: KEY_BYTES }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
}

export const randomKey = (): Uint8Array<ArrayBuffer> => randomBytes(KEY_BYTES);

/** The same key with one bit flipped, anywhere. */
export function oneBitApart(key: Uint8Array): Uint8Array<ArrayBuffer> {
  const other = Uint8Array.from(key);
  const [bit = 0] = randomBytes(1);
  const place = (bit >> 3) % KEY_BYTES;
  other[place] = other[place]! ^ (1 << (bit & 7));
  return other;
}

/** A text in UTF-8, cut after 128 bytes and filled with zeros to whole blocks: at least one. */
export function blocksOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text).subarray(0, TEXT_BYTES);
  const blocks = new Uint8Array(Math.max(1, Math.ceil(bytes.length / BLOCK)) * BLOCK);
  blocks.set(bytes);
  return blocks;
}
