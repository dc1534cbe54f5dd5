// Whether a nonce comes twice in a list, at a cost that sealing short messages does not feel.
import { plain } from "../shared/byte-input.ts";

/** A nonce; one of 12 bytes is in three words, too. */
export interface ListedNonce {
  readonly nonce: Uint8Array;
  readonly nonceLength: number;
  readonly n0: number;
  readonly n1: number;
  readonly n2: number;
}

/** The index of an earlier element with the nonce of the one at `index`, or -1. To be called with 0, 1, 2 … in turn. */
type Find = (index: number) => number;

/** Up to so many nonces are compared one by one. */
const FEW = 8;

export function hasWords({ nonceLength }: ListedNonce): boolean {
  return nonceLength === 12;
}

function same(a: ListedNonce, b: ListedNonce): boolean {
  return a.n0 === b.n0 && a.n1 === b.n1 && a.n2 === b.n2;
}

/** Only the upper bits depend on all bits of the nonce: a product carries differences upwards. */
function hash({ n0, n1, n2 }: ListedNonce, seed: number): number {
  const first = Math.imul(n0 ^ seed, 0x9e3779b1);
  const second = Math.imul(first ^ (first >>> 15) ^ n1, 0x85ebca6b);
  return Math.imul(second ^ (second >>> 13) ^ n2, 0xc2b2ae35);
}

/** In a table with open addressing. Its seed is not known to those who choose nonces and could make all fall on one place. */
function findInTable(list: readonly ListedNonce[]): Find {
  const bits = Math.ceil(Math.log2(1.5 * list.length));
  const places = new Int32Array(2 ** bits);
  const [mask, shift] = [places.length - 1, 32 - bits];
  const seed = (Math.random() * 2 ** 32) | 0;
  return (index) => {
    const wanted = list[index];
    if (wanted === undefined) return -1;
    for (let at = hash(wanted, seed) >>> shift; ; at = (at + 1) & mask) {
      const place = places[at] ?? 0;
      if (place === 0) {
        places[at] = index + 1;
        return -1;
      }
      const other = list[place - 1];
      if (other !== undefined && same(other, wanted)) return place - 1;
    }
  };
}

/** For nonces of 12 bytes. */
export function findByWords(list: readonly ListedNonce[]): Find {
  if (list.length > FEW) return findInTable(list);
  return (index) => {
    for (let i = 0; i < index; i += 1) {
      const [one, other] = [list[i], list[index]];
      if (one !== undefined && other !== undefined && same(one, other)) return i;
    }
    return -1;
  };
}

/** For nonces of any length. */
export function findByBytes(list: readonly ListedNonce[]): Find {
  const seen = new Map<string, number>();
  return (index) => {
    const wanted = list[index];
    if (wanted === undefined) return -1;
    const bytes = plain(wanted.nonce).join();
    const first = seen.get(bytes);
    if (first === undefined) seen.set(bytes, index);
    return first ?? -1;
  };
}
