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
