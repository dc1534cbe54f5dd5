// Bytes and words of the algebra, as the standards write them.
import type { Algebra, Bit, Byte } from "../algebra.ts";

export const constantByte = (value: number): Byte => Array.from({ length: 8 }, (_, bit) => (value >> bit) & 1);

export const constantBytes = (bytes: ArrayLike<number>): Byte[] => Array.from(bytes, constantByte);

export const xorBytes = (algebra: Algebra, a: readonly Byte[], b: readonly Byte[]): Byte[] =>
  a.map((byte, i) => byte.map((bit, k) => algebra.xor(bit, b[i]![k]!)));

/** A byte as a number; nothing unless every bit is known. */
export function knownByte(byte: Byte): number | undefined {
  if (byte.some((bit: Bit) => bit !== 0 && bit !== 1)) return undefined;
  return byte.reduce((all, bit, index) => all | (bit << index), 0);
}

/** Blocks of 16 bytes; the last may be shorter. */
export const blocksOf = (bytes: readonly Byte[]): Byte[][] =>
  Array.from({ length: Math.ceil(bytes.length / 16) }, (_, i) => bytes.slice(16 * i, 16 * i + 16));

/** With zeros to whole blocks. */
export const padded = (bytes: readonly Byte[]): Byte[] => [
  ...bytes,
  ...Array.from({ length: -bytes.length & 15 }, () => constantByte(0)),
];
