// Sums modulo 2 of atoms, each held once: equal sums are the same number.
//
// There are many millions, so they stand one after the other in one array, and are found through a table of open addresses.

/** Spreads the bits of an atom over 32 bits (the finalizer of MurmurHash3). */
function mixed(atom: number): number {
  let h = Math.imul(atom ^ 0x1234567, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** An array of numbers that grows. */
export function grown(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  if (length <= array.length) return array;
  const larger = new Int32Array(Math.max(length, 2 * array.length));
  larger.set(array);
  return larger;
}

export class Sums {
  /** The atoms of each sum, in falling order. */
  #atoms = new Int32Array(1 << 16);
  /** Where those of each begin; the first sum is empty. */
  #starts = new Int32Array(1 << 12);
  #hashes = new Int32Array(1 << 12);
  #count = 1;
  /** At the place of its hash, or the next that is free: the number of a sum. */
  #table = new Int32Array(1 << 13);

  atom(atom: number): number {
    const end = this.#starts[this.#count]!;
    this.#atoms = grown(this.#atoms, end + 1);
    this.#atoms[end] = atom;
    return this.#intern(1, mixed(atom));
  }

  /** The sum of any atoms; one that is there twice is not. */
  of(atoms: number[]): number {
    atoms.sort((a, b) => b - a);
    const start = this.#starts[this.#count]!;
    this.#atoms = grown(this.#atoms, start + atoms.length);
    let [end, hash] = [start, 0];
    for (const atom of atoms) {
      if (end > start && this.#atoms[end - 1] === atom) end -= 1;
      else this.#atoms[end++] = atom;
      hash ^= mixed(atom);
    }
    return this.#intern(end - start, hash);
  }

  list(sum: number): Int32Array {
    return this.#atoms.subarray(this.#starts[sum], this.#starts[sum + 1]);
  }

  #isAt(sum: number, length: number, hash: number): boolean {
    if (this.#hashes[sum] !== hash) return false;
    const [atoms, start, end] = [this.#atoms, this.#starts[sum]!, this.#starts[this.#count]!];
    if (this.#starts[sum + 1]! - start !== length) return false;
    for (let i = 0; i < length; i++) if (atoms[start + i] !== atoms[end + i]) return false;
    return true;
  }

  /** The number of the sum whose atoms stand behind all others. Only equal lists count as equal. */
  #intern(length: number, hash: number): number {
    if (length === 0) return 0;
    const last = this.#table.length - 1;
    let place = hash & last;
    for (let found = this.#table[place]!; found !== 0; found = this.#table[place]!) {
      if (this.#isAt(found, length, hash)) return found;
      place = (place + 1) & last;
    }
    const sum = this.#count;
    this.#table[place] = sum;
    this.#count += 1;
    this.#starts = grown(this.#starts, sum + 2);
    this.#hashes = grown(this.#hashes, sum + 2);
    this.#starts[sum + 1] = this.#starts[sum]! + length;
    this.#hashes[sum] = hash;
    if (2 * this.#count > this.#table.length) this.#spread();
    return sum;
  }

  #spread(): void {
    const table = new Int32Array(4 * this.#table.length);
    for (let sum = 1; sum < this.#count; sum++) {
      let place = this.#hashes[sum]! & (table.length - 1);
      while (table[place] !== 0) place = (place + 1) & (table.length - 1);
      table[place] = sum;
    }
    this.#table = table;
  }

  xor(a: number, b: number): number {
    if (a === 0) return b;
    if (b === 0) return a;
    const starts = this.#starts;
    let [i, j] = [starts[a]!, starts[b]!];
    const [endOfA, endOfB, end] = [starts[a + 1]!, starts[b + 1]!, starts[this.#count]!];
    this.#atoms = grown(this.#atoms, end + endOfA - i + endOfB - j);
    const atoms = this.#atoms;
    let out = end;
    while (i < endOfA && j < endOfB) {
      const [x, y] = [atoms[i]!, atoms[j]!];
      if (x === y) {
        i += 1;
        j += 1;
      } else if (x > y) {
        atoms[out++] = x;
        i += 1;
      } else {
        atoms[out++] = y;
        j += 1;
      }
    }
    while (i < endOfA) atoms[out++] = atoms[i++]!;
    while (j < endOfB) atoms[out++] = atoms[j++]!;
    // Of a sum without atoms the hash is 0, and that of a sum is the sum of those of its atoms.
    return this.#intern(out - end, this.#hashes[a]! ^ this.#hashes[b]!);
  }
}
