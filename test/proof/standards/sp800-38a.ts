// SP 800-38A (modes of operation), transcribed over the algebra.
import type { Algebra, Byte } from "../algebra.ts";
import type { BlockCipher } from "./block-cipher.ts";
import { blocksOf, constantBytes, xorBytes } from "./bytes.ts";

type Bytes = readonly Byte[];

/** What a mode makes of a text, and what the next text would go on from: the last block that was fed back. */
export interface Chained {
  readonly text: Byte[];
  readonly chain: Bytes;
}

/** §6.1. */
export const ecb = (transform: (block: Bytes) => Byte[], text: Bytes): Byte[] => blocksOf(text).flatMap(transform);

/** §6.2. */
export function cbcEncrypt(algebra: Algebra, { encrypt }: BlockCipher, iv: Bytes, text: Bytes): Chained {
  let chain = iv;
  const output = blocksOf(text).flatMap((block) => {
    chain = encrypt(xorBytes(algebra, block, chain));
    return chain;
  });
  return { text: output, chain };
}

export function cbcDecrypt(algebra: Algebra, { decrypt }: BlockCipher, iv: Bytes, text: Bytes): Chained {
  let chain = iv;
  const output = blocksOf(text).flatMap((block) => {
    const plain = xorBytes(algebra, decrypt(block), chain);
    chain = block;
    return plain;
  });
  return { text: output, chain };
}

/** §6.3 with segments of 128 bits. A last segment that is shorter feeds nothing back. */
export function cfb(
  algebra: Algebra,
  { encrypt }: BlockCipher,
  iv: Bytes,
  text: Bytes,
  fedBack: "input" | "output",
): Chained {
  let chain = iv;
  const output = blocksOf(text).flatMap((block) => {
    const segment = xorBytes(algebra, block, encrypt(chain));
    if (block.length === 16) chain = fedBack === "input" ? block : segment;
    return segment;
  });
  return { text: output, chain };
}

/** §6.4. */
export function ofb(algebra: Algebra, { encrypt }: BlockCipher, iv: Bytes, text: Bytes): Chained {
  let chain = iv;
  const output = blocksOf(text).flatMap((block) => {
    chain = encrypt(chain);
    return xorBytes(algebra, block, chain);
  });
  return { text: output, chain };
}

/** A counter block after `by` steps, where the whole block counts (§B.1). */
export function counterAfter(block: Uint8Array, by: number): Uint8Array {
  const value = (BigInt(`0x${Buffer.from(block).toString("hex")}`) + BigInt(by)) % 2n ** 128n;
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(32, "0"), "hex"));
}

/** §6.5, from a public counter. */
export function ctr(algebra: Algebra, { encrypt }: BlockCipher, counter: Uint8Array, text: Bytes): Chained {
  const blocks = blocksOf(text);
  const output = blocks.flatMap((block, i) =>
    xorBytes(algebra, block, encrypt(constantBytes(counterAfter(counter, i)))),
  );
  return { text: output, chain: constantBytes(counterAfter(counter, blocks.length)) };
}
