// RFC 8452 (AES-GCM-SIV), transcribed over the algebra. POLYVAL is here by GHASH, as Appendix A has it.
import type { Algebra, Byte } from "../algebra.ts";
import { type BlockCipher, blockCipher } from "./block-cipher.ts";
import { blocksOf, constantBytes, padded, xorBytes } from "./bytes.ts";
import { cutBlock } from "./sp800-38d.ts";

type Bytes = readonly Byte[];

export interface MessageKeys {
  /** The key of GHASH that makes POLYVAL under the message-authentication key: mulX_GHASH of that key, its bytes reversed. */
  readonly hash: Byte[];
  readonly cipher: BlockCipher;
}

/** §4: the keys of a message, from the key-generating key of `length` bytes. */
export function deriveKeys(algebra: Algebra, { encrypt }: BlockCipher, length: number, nonce: Uint8Array): MessageKeys {
  const halves = Array.from({ length: 2 + length / 8 }, (_, i) =>
    encrypt(constantBytes([i, 0, 0, 0, ...nonce])).slice(0, 8),
  );
  const authentication = cutBlock(algebra, halves.slice(0, 2).flat(), "authentication key", {
    factor: true,
    through: true,
  });
  const key = halves.slice(2).flat();
  const cutKey = key.map((byte, i) => byte.map((bit, k) => algebra.cut(bit, `message key ${i} bit ${k}`)));
  return {
    hash: mulXGhash(algebra, authentication.toReversed()),
    cipher: blockCipher(algebra, "aes", cutKey),
  };
}

/** Appendix A: a block of GHASH times x. */
function mulXGhash(algebra: Algebra, block: Bytes): Byte[] {
  const bits = block.flatMap((byte) => byte.toReversed());
  const last = bits[127]!;
  const product = bits.map((_, i) => algebra.xor(bits[i - 1] ?? 0, [0, 1, 2, 7].includes(i) ? last : 0));
  return block.map((_, i) => product.slice(8 * i, 8 * i + 8).toReversed());
}

/** Each block with its bytes in reverse order: what GHASH hashes where POLYVAL is meant. */
export const reversedBlocks = (bytes: Bytes): Byte[] => blocksOf(padded(bytes)).flatMap((block) => block.toReversed());

/** §4: little-endian, in bits. */
export function lengthBlock(aad: number, text: number): Byte[] {
  const view = new DataView(new ArrayBuffer(16));
  view.setBigUint64(0, BigInt(8 * aad), true);
  view.setBigUint64(8, BigInt(8 * text), true);
  return constantBytes(new Uint8Array(view.buffer));
}

/** §4: the tag, from POLYVAL of everything. */
export function tagOf(algebra: Algebra, { encrypt }: BlockCipher, polyval: Bytes, nonce: Uint8Array): Byte[] {
  const sum = xorBytes(algebra, polyval, constantBytes([...nonce, 0, 0, 0, 0]));
  return encrypt(sum.with(15, sum[15]!.with(7, 0)));
}

/** §4: the text under the counter blocks from the tag on, whose first four bytes count, little-endian. */
export function keystreamed(algebra: Algebra, { encrypt }: BlockCipher, tag: Bytes, text: Bytes): Byte[] {
  const first = tag.with(15, tag[15]!.with(7, 1));
  return blocksOf(text).flatMap((block, i) => {
    const word = algebra.increment(first.slice(0, 4).flat(), i);
    const counter = [0, 1, 2, 3].map((at) => word.slice(8 * at, 8 * at + 8));
    return xorBytes(algebra, block, encrypt([...counter, ...first.slice(4)]));
  });
}
