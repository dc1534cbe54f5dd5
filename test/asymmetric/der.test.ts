import { describe, expect, test } from "vitest";
import { bitString, DerReader, element, encodeDer, integer, sequence, tags } from "../../src/asymmetric/der.ts";

// X.690 §8 and §10.1: definite lengths in as few bytes as need be, integers without needless zeros.

const bytes = (...values: number[]) => Uint8Array.from(values);
const filled = (length: number) => new Uint8Array(length).fill(7);
const refused = expect.objectContaining({ code: "ERR_KEY" });
const readAll = (der: Uint8Array) => new DerReader(der).read(tags.octetString);
const read = (...der: number[]) => readAll(bytes(...der));
const lengths = [
  ...[[0, [0]] as const, [1, [1]] as const, [0x7f, [0x7f]] as const],
  ...[[0x80, [0x81, 0x80]] as const, [0xff, [0x81, 0xff]] as const],
  ...[[0x100, [0x82, 1, 0]] as const, [0xffff, [0x82, 0xff, 0xff]] as const, [0x10000, [0x83, 1, 0, 0]] as const],
] as const;

describe("lengths", () => {
  test.each(lengths)("%i bytes are written and read with as few bytes of length as need be", (length, octets) => {
    const der = bytes(tags.octetString, ...octets, ...filled(length));
    expect(encodeDer(element(tags.octetString, filled(length)))).toEqual(der);
    const reader = new DerReader(der);
    expect(reader.read(tags.octetString)).toHaveLength(length);
    reader.end();
  });

  test.each(lengths)("%i bytes that are not all there are refused", (length, octets) => {
    const whole = encodeDer(element(tags.octetString, filled(length)));
    if (length > 0) expect(() => readAll(whole.subarray(0, whole.length - 1))).toThrow(refused);
    for (let cut = 0; cut < octets.length; cut++) {
      expect(() => read(tags.octetString, ...octets.slice(0, cut))).toThrow(refused);
    }
  });

  test("that are indefinite, or longer than need be, are refused", () => {
    expect(() => read(tags.octetString, 0x80, 0, 0)).toThrow(refused);
    expect(() => read(tags.octetString, 0x81, 0x7f, ...filled(0x7f))).toThrow(refused);
    expect(() => read(tags.octetString, 0x82, 0, 0xff, ...filled(0xff))).toThrow(refused);
    expect(() => read(tags.octetString, 0x83, 0, 1, 0, ...filled(0x100))).toThrow(refused);
    expect(() => read(tags.octetString, 0x84, 0, 0, 0, 1, 7)).toThrow(refused);
    expect(() => read(tags.octetString, 0x84, 1, 0, 0, 0)).toThrow(refused);
  });
});

describe("a reader", () => {
  test("takes elements one after the other, and notices bytes left over", () => {
    const reader = new DerReader(bytes(4, 1, 9, 5, 0, 4, 0));
    expect(reader.next(tags.octetString)).toBe(true);
    expect(reader.next(tags.null)).toBe(false);
    expect(reader.read(tags.octetString)).toEqual(bytes(9));
    expect(() => reader.end()).toThrow(refused);
    expect(reader.read(tags.null)).toHaveLength(0);
    expect(() => reader.read(tags.null)).toThrow(refused);
    expect(reader.read(tags.octetString)).toHaveLength(0);
    reader.end();
    expect(reader.next(tags.null)).toBe(false);
    expect(() => reader.read(tags.null)).toThrow(refused);
  });

  test("of a sequence ends with it", () => {
    const outer = new DerReader(bytes(0x30, 2, 4, 0, 4, 0));
    const inner = outer.sequence();
    inner.read(tags.octetString);
    inner.end();
    expect(() => inner.read(tags.octetString)).toThrow(refused);
    expect(() => outer.end()).toThrow(refused);
    expect(() => outer.sequence()).toThrow(refused);
  });

  test("gives plain Uint8Arrays for a Buffer, on its own bytes", () => {
    const buffer = Buffer.from([0, 4, 1, 9]).subarray(1);
    const content = new DerReader(buffer).read(tags.octetString);
    expect(Object.getPrototypeOf(content)).toBe(Uint8Array.prototype);
    expect([...content]).toEqual([9]);
  });
});

describe("an INTEGER", () => {
  const cases = [
    [[0], [2, 1, 0]],
    [[1], [2, 1, 1]],
    [[0x7f], [2, 1, 0x7f]],
    [[0x80], [2, 2, 0, 0x80]],
    [
      [0xff, 0],
      [2, 3, 0, 0xff, 0],
    ],
    [
      [0x7f, 0xff],
      [2, 2, 0x7f, 0xff],
    ],
  ] as const;

  test.each(cases)("%j is written and read", (digits, der) => {
    expect([...encodeDer(integer(bytes(...digits)))]).toEqual([...der]);
    expect([...encodeDer(integer(bytes(0, 0, ...digits)))]).toEqual([...der]);
    const value = [...new DerReader(bytes(...der)).integer()];
    expect(value).toEqual(digits[0] === 0 ? [] : [...digits]);
  });

  test("that is empty, negative, or has needless zeros is refused", () => {
    for (const der of [
      [2, 0],
      [2, 1, 0x80],
      [2, 1, 0xff],
      [2, 2, 0, 0x7f],
      [2, 2, 0, 0],
      [2, 3, 0, 0, 0x80],
      [4, 1, 1],
    ]) {
      expect(() => new DerReader(bytes(...der)).integer()).toThrow(refused);
    }
  });
});

test("a BIT STRING is whole bytes", () => {
  expect([...encodeDer(bitString(bytes(1, 2)))]).toEqual([3, 3, 0, 1, 2]);
  expect([...new DerReader(bytes(3, 3, 0, 1, 2)).bitString()]).toEqual([1, 2]);
  expect([...new DerReader(bytes(0x81, 2, 0, 1)).bitString(tags.contextPrimitive(1))]).toEqual([1]);
  for (const der of [
    [3, 0],
    [3, 2, 1, 2],
    [3, 2, 7, 0],
  ]) {
    expect(() => new DerReader(bytes(...der)).bitString()).toThrow(refused);
  }
});

test("elements nest, with the length of everything in them", () => {
  const inner = sequence(element(tags.null), integer(bytes(5)));
  const der = encodeDer(sequence(inner, element(tags.octetString, filled(130), integer(bytes(1)))));
  const expected = [0x30, 0x81, 0x8f, 0x30, 5, 5, 0, 2, 1, 5, 4, 0x81, 0x85, ...filled(130), 2, 1, 1];
  expect([...der]).toEqual(expected);
});

test("context tags are those of X.690 §8.1.2", () => {
  expect([tags.context(0), tags.context(1), tags.contextPrimitive(0), tags.contextPrimitive(1)]).toEqual([
    ...[0xa0, 0xa1, 0x80, 0x81],
  ]);
});
