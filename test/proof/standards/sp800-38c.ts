// SP 800-38C (CCM), transcribed over the algebra, with the formatting and counting functions of its Appendix A.
import type { Algebra, Byte } from "../algebra.ts";
import type { BlockCipher } from "./block-cipher.ts";
import { blocksOf, constantBytes, padded, xorBytes } from "./bytes.ts";
import { cbcMac, zeroBlock } from "./sp800-38b.ts";

type Bytes = readonly Byte[];

export interface CcmInput {
  /** 7 to 13 bytes, public. */
  readonly nonce: Uint8Array;
  readonly aad: Bytes;
  readonly text: Bytes;
  readonly tag: number;
}

function bigEndian(value: number, length: number): number[] {
  return Array.from({ length }, (_, i) => Number((BigInt(value) >> BigInt(8 * (length - 1 - i))) & 255n));
}

/** A.2.2. */
export function encodedAadLength(length: number): number[] {
  if (length === 0) return [];
  if (length < 2 ** 16 - 2 ** 8) return bigEndian(length, 2);
  return length < 2 ** 32 ? [0xff, 0xfe, ...bigEndian(length, 4)] : [0xff, 0xff, ...bigEndian(length, 8)];
}

/** A.2.1: B0. */
export function firstBlock(nonce: Uint8Array, tag: number, aad: number, text: number): Byte[] {
  const q = 15 - nonce.length;
  const flags = 64 * Number(aad > 0) + 8 * ((tag - 2) / 2) + (q - 1);
  return constantBytes([flags, ...nonce, ...bigEndian(text, q)]);
}

/** A.3: counter block i. */
export const counterBlock = (nonce: Uint8Array, i: number): Byte[] =>
  constantBytes([14 - nonce.length, ...nonce, ...bigEndian(i, 15 - nonce.length)]);

/** §6.1: the ciphertext, or the plaintext of a ciphertext. */
export function keystreamed(algebra: Algebra, { encrypt }: BlockCipher, nonce: Uint8Array, text: Bytes): Byte[] {
  return blocksOf(text).flatMap((block, i) => xorBytes(algebra, block, encrypt(counterBlock(nonce, i + 1))));
}

/** §6.1: the tag, 16 bytes before it is cut. */
export function ccmTag(algebra: Algebra, cipher: BlockCipher, { nonce, aad, text, tag }: CcmInput): Byte[] {
  const formatted = [
    ...firstBlock(nonce, tag, aad.length, text.length),
    ...padded([...constantBytes(encodedAadLength(aad.length)), ...aad]),
    ...padded(text),
  ];
  return xorBytes(algebra, cbcMac(algebra, cipher, zeroBlock(), formatted), cipher.encrypt(counterBlock(nonce, 0)));
}
