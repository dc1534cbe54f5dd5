const EMPTY = 0n;
const INITIAL_SLOTS = 1_024;

/** A set of 64-bit fingerprints by open addressing: 8 bytes a slot, at most half of them taken. */
export class FingerprintSet {
  #slots = new BigUint64Array(INITIAL_SLOTS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @returns whether the fingerprint is new */
  add(fingerprint: bigint): boolean {
    // Zero marks a free slot: the two fingerprints share one place, which refuses one request in 2^64 at most.
    const wanted = fingerprint === EMPTY ? 1n : fingerprint;
    const at = this.#find(this.#slots, wanted);
    if (this.#slots[at] === wanted) return false;
    this.#slots[at] = wanted;
    this.#size++;
    if (this.#size * 2 > this.#slots.length) this.#grow();
    return true;
  }

  has(fingerprint: bigint): boolean {
    const wanted = fingerprint === EMPTY ? 1n : fingerprint;
    return this.#slots[this.#find(this.#slots, wanted)] === wanted;
  }

  #find(slots: BigUint64Array, wanted: bigint): number {
    const mask = slots.length - 1;
    let at = Number(wanted & 0xffff_ffffn) & mask;
    while (slots[at] !== EMPTY && slots[at] !== wanted) at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const larger = new BigUint64Array(this.#slots.length * 2);
    for (const fingerprint of this.#slots) {
      if (fingerprint !== EMPTY) larger[this.#find(larger, fingerprint)] = fingerprint;
    }
    this.#slots = larger;
  }
}
