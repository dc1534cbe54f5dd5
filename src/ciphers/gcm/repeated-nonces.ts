// Whether a nonce comes twice in a list, at a cost that sealing short messages does not feel.
import { plain } from "../../shared/byte-input.ts";
import { type CheckedMessages, WORDS } from "./message-columns.ts";

/** The index of a message, and that of the first message with its nonce. */
export interface Repeated {
  readonly index: number;
  readonly first: number;
}

/** Up to so many nonces are compared one by one. */
const FEW = 8;

/** Whether the nonces whose words begin at `a` and `b` are the same. */
function same(words: Int32Array, a: number, b: number): boolean {
  return words[a] === words[b] && words[a + 1] === words[b + 1] && words[a + 2] === words[b + 2];
}

/** A product carries differences upwards, and the shifts bring them down again. */
function hash(words: Int32Array, at: number, seed: number): number {
  const first = Math.imul((words[at] ?? 0) ^ seed, 0x9e3779b1);
  const second = Math.imul(first ^ (first >>> 15) ^ (words[at + 1] ?? 0), 0x85ebca6b);
  const third = Math.imul(second ^ (second >>> 13) ^ (words[at + 2] ?? 0), 0xc2b2ae35);
  return third ^ (third >>> 15);
}

/** With a table with open addressing. Its seed is not known to those who choose nonces and could make all fall on one place. */
function repeatedInTable(words: Int32Array, count: number): Repeated | undefined {
  const bits = Math.ceil(Math.log2(1.5 * count));
  // In each place the index of a nonce plus 1, below as many bits of its hash as there is room for: other nonces are seldom read.
  const table = new Int32Array(2 ** bits);
  const [mask, shift] = [table.length - 1, 32 - bits];
  const seed = (Math.random() * 2 ** 32) | 0;
  for (let index = 0; index < count; index += 1) {
    const at = WORDS * index;
    const hashed = hash(words, at, seed);
    const wanted = hashed << bits;
    let place = hashed >>> shift;
    for (let entry = table[place] ?? 0; entry !== 0; entry = table[place] ?? 0) {
      const first = (entry & mask) - 1;
      if ((entry & ~mask) === wanted && same(words, WORDS * first, at)) return { index, first };
      place = (place + 1) & mask;
    }
    table[place] = wanted | (index + 1);
  }
  return undefined;
}

/** For nonces of 12 bytes. */
function repeatedByWords(words: Int32Array, count: number): Repeated | undefined {
  if (count > FEW) return repeatedInTable(words, count);
  for (let index = 1; index < count; index += 1) {
    for (let first = 0; first < index; first += 1) {
      if (same(words, WORDS * first, WORDS * index)) return { index, first };
    }
  }
  return undefined;
}

/** For nonces of any length. */
function repeatedByBytes(nonces: readonly Uint8Array[]): Repeated | undefined {
  const seen = new Map<string, number>();
  for (const [index, nonce] of nonces.entries()) {
    const bytes = plain(nonce).join();
    const first = seen.get(bytes);
    if (first !== undefined) return { index, first };
    seen.set(bytes, index);
  }
  return undefined;
}

/** The first message whose nonce an earlier one has, if there is one. */
export function repeatedNonce({ nonces, words, usual }: CheckedMessages): Repeated | undefined {
  return usual ? repeatedByWords(words, nonces.length) : repeatedByBytes(nonces);
}
