import { LanelockError } from "../errors.ts";

/** The DER tags (X.690 §8) that SubjectPublicKeyInfo and PKCS#8 are made of. */
export const tags = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  sequence: 0x30,
  /** `[n]`, constructed: explicitly tagged, or an implicitly tagged SET. */
  context: (n: number) => 0xa0 | n,
  /** `[n]`, primitive: an implicitly tagged string. */
  contextPrimitive: (n: number) => 0x80 | n,
};

export function malformed(what: string, options?: ErrorOptions): LanelockError {
  return new LanelockError("ERR_KEY", `The key is not valid: ${what}`, options);
}

/**
 * A strict reader of DER: definite, shortest lengths and no bytes left over, so that each key has one encoding. It returns
 * views of the input.
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    // A Buffer prints, compares and slices differently from the Uint8Array that it extends.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Whether the next element has this tag. */
  next(tag: number): boolean {
    return this.#bytes[this.#offset] === tag;
  }

  /** The contents of the next element, which must have this tag. */
  read(tag: number): Uint8Array {
    if (!this.next(tag)) throw malformed("its DER does not have the structure of a key");
    this.#offset += 1;
    const length = this.#length();
    const start = this.#offset;
    if (length > this.#bytes.length - start) throw malformed("its DER is cut short");
    this.#offset += length;
    return this.#bytes.subarray(start, this.#offset);
  }

  sequence(): DerReader {
    return new DerReader(this.read(tags.sequence));
  }

  /** The next INTEGER, which must not be negative, big-endian without leading zeros. */
  integer(): Uint8Array {
    const bytes = this.read(tags.integer);
    const [first, second = 0x80] = bytes;
    if (first === undefined || first >= 0x80) throw malformed("an integer in its DER is empty or negative");
    if (first !== 0) return bytes;
    if (bytes.length > 1 && second < 0x80) throw malformed("an integer in its DER has needless leading zeros");
    return bytes.subarray(1);
  }

  /** The contents of the next BIT STRING, which must be whole bytes. */
  bitString(tag: number = tags.bitString): Uint8Array {
    const bytes = this.read(tag);
    if (bytes[0] !== 0) throw malformed("a bit string in its DER does not end with a whole byte");
    return bytes.subarray(1);
  }

  end(): void {
    if (this.#offset !== this.#bytes.length) throw malformed("its DER has bytes left over");
  }

  #length(): number {
    const first = this.#bytes[this.#offset++];
    if (first === undefined || first === 0x80 || first > 0x83) throw malformed("a length in its DER is malformed");
    if (first < 0x80) return first;
    let length = 0;
    for (let count = first & 0x7f; count > 0; count -= 1) {
      const byte = this.#bytes[this.#offset++];
      if (byte === undefined) throw malformed("its DER is cut short");
      length = length * 256 + byte;
    }
    if (length < 0x80 || length < 256 ** ((first & 0x7f) - 1)) throw malformed("a length in its DER is too long");
    return length;
  }
}

/** An element to write: its tag and, one after the other, what it contains. */
export interface DerElement {
  readonly tag: number;
  readonly contents: readonly (DerElement | Uint8Array)[];
}

const zero = new Uint8Array(1);

export const element = (tag: number, ...contents: (DerElement | Uint8Array)[]): DerElement => ({ tag, contents });
export const sequence = (...contents: DerElement[]): DerElement => element(tags.sequence, ...contents);
export const bitString = (...contents: (DerElement | Uint8Array)[]): DerElement =>
  element(tags.bitString, zero, ...contents);

/** INTEGER of an unsigned big-endian number. */
export function integer(bytes: Uint8Array): DerElement {
  let start = 0;
  while (start < bytes.length && bytes[start] === 0) start += 1;
  const digits = bytes.subarray(start);
  return (digits[0] ?? 0x80) >= 0x80 ? element(tags.integer, zero, digits) : element(tags.integer, digits);
}

const isElement = (part: DerElement | Uint8Array): part is DerElement => "tag" in part;
const contentLength = ({ contents }: DerElement): number =>
  contents.reduce((sum, part) => sum + (isElement(part) ? elementLength(part) : part.length), 0);

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return [0x80 | digits.length, ...digits];
}

function elementLength(node: DerElement): number {
  const length = contentLength(node);
  return 1 + lengthOctets(length).length + length;
}

function write(node: DerElement, target: Uint8Array): number {
  const header = [node.tag, ...lengthOctets(contentLength(node))];
  target.set(header);
  let offset = header.length;
  for (const part of node.contents) {
    if (isElement(part)) offset += write(part, target.subarray(offset));
    else {
      target.set(part, offset);
      offset += part.length;
    }
  }
  return offset;
}

/** Encodes into one buffer, so that no partial copies of a private key remain in memory. */
export function encodeDer(node: DerElement): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(elementLength(node));
  write(node, bytes);
  return bytes;
}
