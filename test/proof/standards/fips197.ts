// FIPS 197 (AES), transcribed over the algebra: key expansion, cipher and inverse cipher.
import type { Algebra, Byte } from "../algebra.ts";
import { aesBox, aesInverseBox } from "./boxes.ts";
import { constantByte, xorBytes } from "./bytes.ts";

type Word = readonly Byte[];

/** §4.2: multiplication by x. */
function xtime(algebra: Algebra, byte: Byte): Byte {
  const top = byte[7]!;
  return byte.map((_, bit) => {
    const shifted = bit === 0 ? 0 : byte[bit - 1]!;
    return (0x1b >> bit) & 1 ? algebra.xor(shifted, top) : shifted;
  });
}

function times(algebra: Algebra, byte: Byte, factor: number): Byte {
  let sum = constantByte(0);
  for (let power = byte, rest = factor; rest > 0; rest >>= 1, power = xtime(algebra, power)) {
    if (rest & 1) [sum = sum] = xorBytes(algebra, [sum], [power]);
  }
  return sum;
}

/** §5.2: the round keys, 16 bytes each. Every word is a cut. */
export function expandKey(algebra: Algebra, key: readonly Byte[]): Byte[][] {
  const words: Word[] = [];
  const length = key.length / 4;
  const rounds = length + 6;
  let constant = 1;
  for (let i = 0; i < 4 * (rounds + 1); i++) {
    if (i < length) {
      words.push(key.slice(4 * i, 4 * i + 4));
      continue;
    }
    let temp = words[i - 1]!;
    if (i % length === 0) {
      const [a, b, c, d] = temp as [Byte, Byte, Byte, Byte];
      temp = [b, c, d, a].map((byte) => algebra.substitute(aesBox, byte));
      temp = xorBytes(algebra, temp, [constant, 0, 0, 0].map(constantByte));
      constant = (constant << 1) ^ (constant >> 7 ? 0x11b : 0);
    } else if (length > 6 && i % length === 4) {
      temp = temp.map((byte) => algebra.substitute(aesBox, byte));
    }
    const word = xorBytes(algebra, words[i - length]!, temp);
    words.push(word.map((byte, at) => byte.map((bit, k) => algebra.cut(bit, `key word ${i} byte ${at} bit ${k}`))));
  }
  return Array.from({ length: rounds + 1 }, (_, round) => words.slice(4 * round, 4 * round + 4).flat());
}

/** §5.1.2: byte r of column c comes from column c + r. */
const shiftRows = (state: readonly Byte[]): Byte[] =>
  state.map((_, i) => state[(i % 4) + 4 * (((i >> 2) + (i % 4)) % 4)]!);

/** §5.3.1: it goes back there. */
const inverseShiftRows = (state: readonly Byte[]): Byte[] =>
  state.map((_, i) => state[(i % 4) + 4 * (((i >> 2) - (i % 4) + 4) % 4)]!);

/** §5.1.3 and §5.3.3: each column times a circulant matrix, by its first row. */
function mixColumns(algebra: Algebra, state: readonly Byte[], row: readonly number[]): Byte[] {
  return state.map((_, i) => {
    const column = state.slice(i & ~3, (i & ~3) + 4);
    const parts = column.map((byte, at) => times(algebra, byte, row[(at - (i % 4) + 4) % 4]!));
    return parts.reduce((sum, part) => xorBytes(algebra, [sum], [part])[0]!);
  });
}

/** §5.1. */
export function encrypt(algebra: Algebra, keys: readonly (readonly Byte[])[], block: readonly Byte[]): Byte[] {
  let state = xorBytes(algebra, block, keys[0]!);
  for (const [round, key] of keys.entries()) {
    if (round === 0) continue;
    state = shiftRows(state.map((byte) => algebra.substitute(aesBox, byte)));
    if (round < keys.length - 1) state = mixColumns(algebra, state, [2, 3, 1, 1]);
    state = xorBytes(algebra, state, key);
  }
  return state;
}

/** §5.3. */
export function decrypt(algebra: Algebra, keys: readonly (readonly Byte[])[], block: readonly Byte[]): Byte[] {
  let state = xorBytes(algebra, block, keys.at(-1)!);
  for (let round = keys.length - 2; round >= 0; round--) {
    state = inverseShiftRows(state).map((byte) => algebra.substitute(aesInverseBox, byte));
    state = xorBytes(algebra, state, keys[round]!);
    if (round > 0) state = mixColumns(algebra, state, [14, 11, 13, 9]);
  }
  return state;
}
