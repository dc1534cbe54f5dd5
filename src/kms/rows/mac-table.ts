import { toHex } from "../../shared/encoding.ts";

export const MAC_BYTES = 32;
const NONE = -1;
const DECODED_AT_ONCE = 65_536;

const node = globalThis.Buffer;

/** Every opening decodes the MACs of all rows, which Node's own decoder does in a tenth of the time. */
export function bytesOfHex(hex: string): Uint8Array {
  return node
    ? new Uint8Array(node.from(hex, "hex"))
    : Uint8Array.from({ length: hex.length >> 1 }, (_, at) => byteAt(hex, at));
}

function byteAt(hex: string, at: number): number {
  return Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16);
}

/**
 * The MACs of many rows by name, as they were at one time. One text and three flat arrays instead of an object for each row:
 * a store has three rows for each key, and a garbage collector that visits them all slows every call down.
 */
export class MacTable {
  readonly length: number;
  /** The MACs, one behind the other, in the order of the names. */
  readonly macs: Uint8Array;
  /** The same memory, for Node's own encoder, which is ten times as fast. */
  readonly #buffer: Buffer | undefined;
  readonly #names: string;
  /** Where each name ends in the text. */
  readonly #ends: Uint32Array;
  /** Open addressing: the number of a row, or −1. */
  readonly #slots: Int32Array;
  readonly #mask: number;

  /** @param macs of the rows in the order of `names`, in lower-case hex */
  constructor(names: readonly string[], macs: readonly string[]) {
    this.length = names.length;
    this.macs = new Uint8Array(macs.length * MAC_BYTES);
    // In parts, because a text has at most some 500 million characters.
    for (let row = 0; row < macs.length; row += DECODED_AT_ONCE) {
      this.macs.set(bytesOfHex(macs.slice(row, row + DECODED_AT_ONCE).join("")), row * MAC_BYTES);
    }
    this.#buffer = node?.from(this.macs.buffer);
    this.#names = names.join("");
    this.#ends = new Uint32Array(names.length);
    const size = 2 ** Math.ceil(Math.log2(2 * names.length + 2));
    this.#slots = new Int32Array(size).fill(NONE);
    this.#mask = size - 1;
    let end = 0;
    for (let row = 0; row < names.length; row++) {
      const name = names[row] ?? "";
      end += name.length;
      this.#ends[row] = end;
      let slot = hashOf(name) & this.#mask;
      while (this.#slots[slot] !== NONE) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = row;
    }
  }

  macOf(name: string): string | null {
    for (let slot = hashOf(name) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const row = this.#slots[slot] ?? NONE;
      if (row === NONE) return null;
      if (this.#isNamed(row, name)) return this.#hex(row * MAC_BYTES, (row + 1) * MAC_BYTES);
    }
  }

  #hex(start: number, end: number): string {
    return this.#buffer ? this.#buffer.toString("hex", start, end) : toHex(this.macs.subarray(start, end));
  }

  #isNamed(row: number, name: string): boolean {
    const start = this.#startOf(row);
    return (this.#ends[row] ?? 0) - start === name.length && this.#names.startsWith(name, start);
  }

  #startOf(row: number): number {
    return row === 0 ? 0 : (this.#ends[row - 1] ?? 0);
  }

  *names(): Generator<string> {
    for (let row = 0; row < this.length; row++) yield this.#names.slice(this.#startOf(row), this.#ends[row]);
  }
}

/** FNV-1a over UTF-16 units, whose high bits are mixed into the low ones that choose the slot. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}
