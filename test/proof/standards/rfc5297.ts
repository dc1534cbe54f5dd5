// RFC 5297 (AES-SIV), transcribed over the algebra.
import type { Algebra, Byte } from "../algebra.ts";
import type { BlockCipher } from "./block-cipher.ts";
import { xorBytes } from "./bytes.ts";
import { cmac, completed, double, zeroBlock } from "./sp800-38b.ts";

type Bytes = readonly Byte[];

/** §2.4: S2V of components of additional data, and then a text. */
export function s2v(algebra: Algebra, cipher: BlockCipher, components: readonly Bytes[], text: Bytes): Bytes {
  let d = cmac(algebra, cipher, zeroBlock());
  for (const component of components) d = xorBytes(algebra, double(algebra, d), cmac(algebra, cipher, component));
  if (text.length < 16) return cmac(algebra, cipher, xorBytes(algebra, double(algebra, d), completed(text)));
  const start = text.length - 16;
  return cmac(algebra, cipher, [...text.slice(0, start), ...xorBytes(algebra, text.slice(start), d)]);
}

/** §2.6: V as a counter block, two of its bits cleared. */
export const counterOfV = (v: Uint8Array): Uint8Array => v.map((byte, i) => (i === 8 || i === 12 ? byte & 0x7f : byte));
