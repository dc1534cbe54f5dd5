// SP 800-38F (KW and KWP), transcribed over the algebra. A semiblock is 8 bytes.
import type { Algebra, Byte } from "../algebra.ts";
import type { BlockCipher } from "./block-cipher.ts";
import { constantBytes, xorBytes } from "./bytes.ts";

type Bytes = readonly Byte[];

const semiblocksOf = (bytes: Bytes): Bytes[] =>
  Array.from({ length: bytes.length / 8 }, (_, i) => bytes.slice(8 * i, 8 * i + 8));

function stepCount(t: number): Byte[] {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(t));
  return constantBytes(new Uint8Array(view.buffer));
}

/** §6.1, algorithm 1. */
export function w(algebra: Algebra, { encrypt }: BlockCipher, input: Bytes): Byte[] {
  let [a = [], ...r] = semiblocksOf(input);
  const n = r.length + 1;
  for (let t = 1; t <= 6 * (n - 1); t++) {
    const block = encrypt([...a, ...r[0]!]);
    a = xorBytes(algebra, block.slice(0, 8), stepCount(t));
    r = [...r.slice(1), block.slice(8)];
  }
  return [...a, ...r.flat()];
}

/** §6.1, algorithm 2. */
export function inverseW(algebra: Algebra, { decrypt }: BlockCipher, input: Bytes): Byte[] {
  let [a = [], ...r] = semiblocksOf(input);
  const n = r.length + 1;
  for (let t = 6 * (n - 1); t >= 1; t--) {
    const block = decrypt([...xorBytes(algebra, a, stepCount(t)), ...r.at(-1)!]);
    a = block.slice(0, 8);
    r = [block.slice(8), ...r.slice(0, -1)];
  }
  return [...a, ...r.flat()];
}

/** §6.2: ICV1. */
export const icv1 = (): Byte[] => constantBytes(Array(8).fill(0xa6));

/** §6.3, algorithm 5: ICV2 and the length of the text, 4 bytes each, the text, zeros. */
export function kwpInput(
  text: Bytes,
  length = text.length,
  icv2: Bytes = constantBytes([0xa6, 0x59, 0x59, 0xa6]),
): Byte[] {
  const zeros = constantBytes(new Uint8Array(-text.length & 7));
  return [...icv2, ...[24, 16, 8, 0].flatMap((by) => constantBytes([(length >>> by) & 255])), ...text, ...zeros];
}

/** §6.3: one block is encrypted, more are wrapped. */
export const kwpWrapped = (algebra: Algebra, cipher: BlockCipher, input: Bytes): Byte[] =>
  input.length === 16 ? cipher.encrypt(input) : w(algebra, cipher, input);
