// Base64 (RFC 4648 §4) of secrets. The host's coders look up in tables by the bytes and make strings, which cannot be wiped. Here are
// masks and bitwise operations alone (zero-mask.ts says why): a sum, too, is made of them.
import { zeroMask } from "./zero-mask.ts";

const PAD = 61;

/** `a + b` modulo 256. */
function add(a: number, b: number): number {
  let sum = a ^ b;
  let carry = (a & b) << 1;
  for (let bit = 1; bit < 8; bit += 1) {
    const next = (sum & carry) << 1;
    sum ^= carry;
    carry = next;
  }
  return sum & 255;
}

/** 0xff if the lowest bit is set, else 0. */
function mask(bit: number): number {
  let all = bit & 1;
  all |= all << 1;
  all |= all << 2;
  return all | (all << 4);
}

/** The character of a value from 0 to 63. */
function characterOf(value: number): number {
  const b3 = value >> 3;
  const b2 = value >> 2;
  const b1 = value >> 1;
  const upper = (value >> 5) & (value >> 4);
  const from26 = mask((value >> 5) | ((value >> 4) & b3 & (b2 | b1)));
  const from52 = mask(upper & (b3 | b2));
  const from62 = mask(upper & b3 & b2 & b1);
  const is63 = from62 & mask(value);
  // The offsets from the value to A–Z, a–z, 0–9, + and /.
  const offset = 65 ^ (from26 & (65 ^ 71)) ^ (from52 & (71 ^ 252)) ^ (from62 & (252 ^ 237)) ^ (is63 & (237 ^ 240));
  return add(value, offset);
}

/** The value of a character; above 63 if it has none. */
function sextetOf(character: number): number {
  const low5 = character & 31;
  const b3 = low5 >> 3;
  const b2 = low5 >> 2;
  const b1 = low5 >> 1;
  // Not 0, and not 27 or more.
  const inAlphabet = ~zeroMask(low5) & ~mask((low5 >> 4) & b3 & (b2 | (b1 & low5))) & 255;
  const lower = zeroMask((character >> 5) ^ 3) & inAlphabet;
  const letter = lower | (zeroMask((character >> 5) ^ 2) & inAlphabet);
  const digit = zeroMask((character >> 4) ^ 3) & ~mask(b3 & (b2 | b1)) & 255;
  const plus = zeroMask(character ^ 43) & 255;
  const slash = zeroMask(character ^ 47) & 255;
  const value =
    (letter & add(add(low5, 255), lower & 26)) | (digit & add(character & 15, 52)) | (plus & 62) | (slash & 63);
  return value | (~(letter | digit | plus | slash) & 0x40);
}

/** The ASCII characters, with padding. The time depends on the length alone. */
export function encodeBase64(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const groups = Math.ceil(bytes.length / 3);
  const text = new Uint8Array(groups * 4).fill(PAD);
  // Loads past the end, or in one case only, give V8 reason to compare what is loaded.
  const whole = new Uint8Array(groups * 3);
  whole.set(bytes);
  for (let from = 0, to = 0; from < whole.length; from += 3, to += 4) {
    const left = bytes.length - from;
    const group = ((whole[from] ?? 0) << 16) | ((whole[from + 1] ?? 0) << 8) | (whole[from + 2] ?? 0);
    text[to] = characterOf(group >> 18);
    text[to + 1] = characterOf((group >> 12) & 63);
    if (left > 1) text[to + 2] = characterOf((group >> 6) & 63);
    if (left > 2) text[to + 3] = characterOf(group & 63);
  }
  whole.fill(0);
  return text;
}

/**
 * The bytes of a Base64 text, or `undefined` if it is empty or not valid. The time depends on the length and on whether it is valid.
 * Bits past the last byte are not looked at.
 */
export function decodeBase64(text: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  if (text.length === 0 || text.length % 4 !== 0) return undefined;
  const padding = text[text.length - 1] !== PAD ? 0 : text[text.length - 2] !== PAD ? 1 : 2;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let bad = 0;
  for (let from = 0, to = 0; from < text.length; from += 4, to += 3) {
    let group = 0;
    for (let i = from; i < from + 4; i += 1) {
      const value = i < text.length - padding ? sextetOf(text[i] ?? 0) : 0;
      bad |= value;
      group = (group << 6) | (value & 63);
    }
    // A typed array drops what is beyond its end.
    bytes[to] = group >> 16;
    bytes[to + 1] = group >> 8;
    bytes[to + 2] = group;
  }
  if ((bad & 0x40) === 0) return bytes;
  bytes.fill(0);
  return undefined;
}
