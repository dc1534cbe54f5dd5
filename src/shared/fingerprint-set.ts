import { randomBytes } from "./random.ts";

const INITIAL_SLOTS = 1_024;
const BYTES = 8;

/**
 * Random words for each value of each byte of a fingerprint. Who can choose fingerprints does not know the tables, so cannot choose many that
 * look for one slot (simple tabulation hashing; Pătraşcu and Thorup, "The Power of Simple Tabulation Hashing", 2012).
 */
let tables: Uint32Array | undefined;

/** A set of 64-bit fingerprints by open addressing: 8 bytes a slot, at most half of them taken. */
export class FingerprintSet {
  #slots = new Uint32Array(2 * INITIAL_SLOTS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /**
   * @param place as {@link placeOf} gives it, so that it is computed once for many sets
   * @returns whether the fingerprint, two words of 32 bits, is new
   */
  add(high: number, low: number, place = placeOf(high, low)): boolean {
    if (!insert(this.#slots, place, high, low)) return false;
    this.#size++;
    if (this.#size * 4 > this.#slots.length) this.#grow();
    return true;
  }

  has(high: number, low: number, place = placeOf(high, low)): boolean {
    const at = find(this.#slots, place, high, nonZero(high, low));
    return (this.#slots[at] ?? 0) !== 0 || (this.#slots[at + 1] ?? 0) !== 0;
  }

  #grow(): void {
    const slots = this.#slots;
    const larger = new Uint32Array(slots.length * 2);
    for (let at = 0; at < slots.length; at += 2) {
      const [high, low] = [slots[at] ?? 0, slots[at + 1] ?? 0];
      if (high !== 0 || low !== 0) insert(larger, placeOf(high, low), high, low);
    }
    this.#slots = larger;
  }
}

/** Zero marks a free slot: the fingerprints 0 and 1 share one place. */
function nonZero(high: number, low: number): number {
  return high === 0 && low === 0 ? 1 : low;
}

function insert(slots: Uint32Array, place: number, high: number, given: number): boolean {
  const low = nonZero(high, given);
  const at = find(slots, place, high, low);
  if (slots[at] === high && slots[at + 1] === low) return false;
  slots[at] = high;
  slots[at + 1] = low;
  return true;
}

/** The place of the fingerprint, or the free one where it belongs. */
function find(slots: Uint32Array, place: number, high: number, low: number): number {
  const mask = slots.length - 1;
  let at = (2 * place) & mask;
  for (;;) {
    const [h, l] = [slots[at], slots[at + 1]];
    if ((h === high && l === low) || (h === 0 && l === 0)) return at;
    at = (at + 2) & mask;
  }
}

/** Where a fingerprint belongs, in sets of any size. */
export function placeOf(high: number, given: number): number {
  tables ??= new Uint32Array(randomBytes(4 * 256 * BYTES).buffer);
  const low = nonZero(high, given);
  let slot = 0;
  for (let byte = 0; byte < 4; byte++) {
    slot ^= tables[(byte << 8) | ((high >>> (8 * byte)) & 0xff)] ?? 0;
    slot ^= tables[((byte + 4) << 8) | ((low >>> (8 * byte)) & 0xff)] ?? 0;
  }
  return slot >>> 1;
}
