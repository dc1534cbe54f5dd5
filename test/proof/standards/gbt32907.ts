// GB/T 32907-2016 (SM4), transcribed over the algebra. A word is 32 bits, here from the lowest up.
import type { Algebra, Bit, Byte } from "../algebra.ts";
import { sm4Box } from "./boxes.ts";

type Word = readonly Bit[];

const constantWord = (value: number): Word => Array.from({ length: 32 }, (_, bit) => (value >>> bit) & 1);

/** Bytes come most significant first. */
const toWord = (bytes: readonly Byte[]): Word => bytes.toReversed().flat();
const toBytes = (word: Word): Byte[] => [3, 2, 1, 0].map((at) => word.slice(8 * at, 8 * at + 8));

const xor = (algebra: Algebra, ...words: readonly Word[]): Word =>
  words.reduce((sum, word) => sum.map((bit, i) => algebra.xor(bit, word[i]!)));

const rotate = (word: Word, by: number): Word => word.map((_, bit) => word[(bit - by + 32) % 32]!);

/** §6.2: τ, then L or L′. */
function transform(algebra: Algebra, word: Word, rotations: readonly number[]): Word {
  const b = toWord(toBytes(word).map((byte) => algebra.substitute(sm4Box, byte)));
  return xor(algebra, b, ...rotations.map((by) => rotate(b, by)));
}

/** §7.3: the 32 round keys. Each is a cut. */
export function expandKey(algebra: Algebra, key: readonly Byte[]): Word[] {
  const system = [0xa3b1bac6, 0x56aa3350, 0x677d9197, 0xb27022dc];
  const words = system.map((fk, i) => xor(algebra, toWord(key.slice(4 * i, 4 * i + 4)), constantWord(fk)));
  for (let i = 0; i < 32; i++) {
    const ck = [0, 1, 2, 3].reduce((all, j) => (all << 8) | ((7 * (4 * i + j)) & 255), 0);
    const input = xor(algebra, words[i + 1]!, words[i + 2]!, words[i + 3]!, constantWord(ck));
    const word = xor(algebra, words[i]!, transform(algebra, input, [13, 23]));
    words.push(word.map((bit, k) => algebra.cut(bit, `round key ${i} bit ${k}`)));
  }
  return words.slice(4);
}

/** §7.1; with the round keys in reverse order, §7.2. */
export function encrypt(algebra: Algebra, keys: readonly Word[], block: readonly Byte[]): Byte[] {
  const x = [0, 4, 8, 12].map((at) => toWord(block.slice(at, at + 4)));
  for (const [i, key] of keys.entries()) {
    const input = xor(algebra, x[i + 1]!, x[i + 2]!, x[i + 3]!, key);
    x.push(xor(algebra, x[i]!, transform(algebra, input, [2, 10, 18, 24])));
  }
  return [35, 34, 33, 32].flatMap((i) => toBytes(x[i]!));
}
