// Sums modulo 2 of atoms, each held once: equal sums are the same number.

/** Spreads the bits of an atom over 32 bits (the finalizer of MurmurHash3). */
function mixed(atom: number, seed: number): number {
  let h = Math.imul(atom ^ seed, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

export class Sums {
  /** The atoms of each sum, in falling order. The first sum is empty. */
  readonly #lists: Int32Array[] = [new Int32Array(0)];
  readonly #first: number[] = [0];
  readonly #second: number[] = [0];
  /** By hash; where two have one hash, the later stands at the next number. Only equal lists count as equal. */
  readonly #byHash = new Map<number, number>([[0, 0]]);
  #scratch = new Int32Array(1024);

  atom(atom: number): number {
    return this.#intern(Int32Array.of(atom), 1, mixed(atom, 0x1234567), mixed(atom, 0x7654321));
  }

  list(sum: number): Int32Array {
    return this.#lists[sum]!;
  }

  #intern(atoms: Int32Array, length: number, first: number, second: number): number {
    let key = (first >>> 0) * 2 ** 20 + (second & 0xfffff);
    for (;;) {
      const found = this.#byHash.get(key);
      if (found === undefined) break;
      const list = this.#lists[found]!;
      let same = list.length === length;
      for (let i = 0; same && i < length; i++) same = list[i] === atoms[i];
      if (same) return found;
      key += 1;
    }
    this.#byHash.set(key, this.#lists.length);
    this.#first.push(first);
    this.#second.push(second);
    return this.#lists.push(atoms.slice(0, length)) - 1;
  }

  xor(a: number, b: number): number {
    if (a === 0) return b;
    if (b === 0) return a;
    const [left, right] = [this.#lists[a]!, this.#lists[b]!];
    if (left.length + right.length > this.#scratch.length) {
      this.#scratch = new Int32Array(2 * (left.length + right.length));
    }
    const out = this.#scratch;
    let [i, j, length] = [0, 0, 0];
    while (i < left.length && j < right.length) {
      const [x, y] = [left[i]!, right[j]!];
      if (x === y) {
        i += 1;
        j += 1;
      } else if (x > y) {
        out[length++] = x;
        i += 1;
      } else {
        out[length++] = y;
        j += 1;
      }
    }
    while (i < left.length) out[length++] = left[i++]!;
    while (j < right.length) out[length++] = right[j++]!;
    return this.#intern(out, length, this.#first[a]! ^ this.#first[b]!, this.#second[a]! ^ this.#second[b]!);
  }
}
