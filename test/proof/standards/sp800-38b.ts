// SP 800-38B (CMAC), transcribed over the algebra.
import type { Algebra, Byte } from "../algebra.ts";
import type { BlockCipher } from "./block-cipher.ts";
import { blocksOf, constantBytes, xorBytes } from "./bytes.ts";

type Bytes = readonly Byte[];

export const zeroBlock = (): Byte[] => constantBytes(new Uint8Array(16));

/** Times x in GF(2^128): one bit to the left, then R128 = 0^120 10000111 if the bit that fell out was 1 (§5.3, §6.1). */
export function double(algebra: Algebra, block: Bytes): Byte[] {
  const bits = block.flatMap((byte) => byte.toReversed());
  const [top = 0] = bits;
  const doubled = bits.map((_, i) => algebra.xor(bits[i + 1] ?? 0, [120, 125, 126, 127].includes(i) ? top : 0));
  return block.map((_, i) => doubled.slice(8 * i, 8 * i + 8).toReversed());
}

/** A block with a one and zeros behind its bytes (§6.2 step 4). */
export const completed = (bytes: Bytes): Byte[] =>
  [...bytes, ...constantBytes([0x80, ...Array(15).fill(0)])].slice(0, 16);

/** CBC-MAC: the state after whole blocks. */
export function cbcMac(algebra: Algebra, { encrypt }: BlockCipher, state: Bytes, data: Bytes): Bytes {
  return blocksOf(data).reduce<Bytes>((chain, block) => encrypt(xorBytes(algebra, block, chain)), state);
}

/** §6.2. */
export function cmac(algebra: Algebra, cipher: BlockCipher, message: Bytes): Bytes {
  const k1 = double(algebra, cipher.encrypt(zeroBlock()));
  const k2 = double(algebra, k1);
  const blocks = blocksOf(message);
  const last = blocks.pop() ?? [];
  const masked = last.length === 16 ? xorBytes(algebra, last, k1) : xorBytes(algebra, completed(last), k2);
  return cbcMac(algebra, cipher, zeroBlock(), [...blocks.flat(), ...masked]);
}
