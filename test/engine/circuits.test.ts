import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Gate {
  output: string;
  kind: string;
  a: string;
  b: string;
}

/** A circuit's gates as its source has them: `const o = xor(a, b);`, of which `keep(at, 0, o); const k = kept(at, 0);` makes k another
 * name. */
function gatesOf(file: string): Gate[] {
  const source = readFileSync(new URL(`../../assembly/circuit/${file}`, import.meta.url), "utf8");
  const gates: Gate[] = [];
  const places = new Map<string, string>();
  const names = new Map<string, string>();
  for (const line of source.split("\n")) {
    const [, place = "", value] = /^ {2}keep\(at, (\d), (\w+)\);$/.exec(line) ?? [];
    if (value !== undefined) places.set(place, value);
    const [, name = "", from] = /^ {2}const (\w+) = kept\(at, (\d)\);$/.exec(line) ?? [];
    if (from !== undefined) names.set(name, places.get(from) ?? "nothing");
    const [, output, kind = "", a = "", b = ""] =
      /^ {2}const (\w+) = (xor|and|andnot)\((\w+), (\w+)\);$/.exec(line) ?? [];
    if (output !== undefined) gates.push({ output, kind, a: names.get(a) ?? a, b: names.get(b) ?? b });
  }
  return gates;
}

/** What a circuit makes of one byte. */
function evaluate(gates: readonly Gate[], input: number): number {
  const bits = new Map<string, number>();
  for (let k = 0; k < 8; k++) bits.set(`i${k}`, (input >> k) & 1);
  const bit = (name: string): number => {
    const value = bits.get(name);
    if (value === undefined) throw new Error(`${name} is read before it is computed`);
    return value;
  };
  for (const { output, kind, a, b } of gates) {
    if (kind === "xor") bits.set(output, bit(a) ^ bit(b));
    else bits.set(output, bit(a) & (kind === "and" ? bit(b) : 1 - bit(b)));
  }
  return [0, 1, 2, 3, 4, 5, 6, 7].reduce((sum, k) => sum | (bit(`o${k}`) << k), 0);
}

const bytes = Array.from({ length: 256 }, (_, v) => v);

/** The inverse in GF(2)[x] modulo a polynomial of degree 8, with 0 for 0. */
function inverses(polynomial: number): number[] {
  const multiply = (a: number, b: number): number => {
    let product = 0;
    for (let bit = 0, shifted = a; bit < 8; bit++) {
      if ((b >> bit) & 1) product ^= shifted;
      shifted = (shifted << 1) ^ (shifted & 0x80 ? polynomial : 0);
    }
    return product;
  };
  return bytes.map((v) => bytes.find((w) => multiply(v, w) === 1) ?? 0);
}

function rotateLeft(byte: number, bits: number): number {
  return ((byte << bits) | (byte >> (8 - bits))) & 0xff;
}

/** FIPS 197 §5.1.1, from its definition. */
const aesSbox = inverses(0x11b).map((x) => [1, 2, 3, 4].reduce((sum, n) => sum ^ rotateLeft(x, n), x ^ 0x63));

/** GB/T 32907-2016 §6.2, by its algebraic form: A·(A·v + 0xd3)^-1 + 0xd3 with A circulant. */
function circulant(x: number): number {
  return bytes.slice(0, 8).reduce((sum, bit) => {
    const ones = (rotateLeft(0xa7, bit) & x).toString(2).replaceAll("0", "").length;
    return sum | ((ones & 1) << bit);
  }, 0);
}
const sm4Inverses = inverses(0x1f5);
const sm4Sbox = bytes.map((v) => circulant(sm4Inverses[circulant(v) ^ 0xd3] ?? 0) ^ 0xd3);

test("the definitions give the corners of the printed S-boxes", () => {
  expect([0x00, 0x01, 0x53, 0xff].map((v) => aesSbox[v])).toEqual([0x63, 0x7c, 0xed, 0x16]);
  expect([0x00, 0x0f, 0xf0, 0xff].map((v) => sm4Sbox[v])).toEqual([0xd6, 0x05, 0x18, 0x48]);
});

/** The longest chain of gates that wait for each other. */
function depthOf(gates: readonly Gate[]): number {
  const depths = new Map<string, number>();
  for (const { output, a, b } of gates) depths.set(output, 1 + Math.max(depths.get(a) ?? 0, depths.get(b) ?? 0));
  return Math.max(...depths.values());
}

test.each([
  { file: "aes-forward.ts", depth: 22 },
  { file: "aes-inverse.ts", depth: 21 },
  { file: "sm4.ts", depth: 20 },
])("$file has the 110 gates it claims, 76 of them XOR, and no longer a chain than it says", ({ file, depth }) => {
  const gates = gatesOf(file);
  expect(gates.length).toBe(110);
  expect(gates.filter(({ kind }) => kind === "xor").length).toBe(76);
  expect(depthOf(gates)).toBe(depth);
});

test("aes-forward.ts is the S-box plus 0x63 on all 256 bytes", () => {
  const gates = gatesOf("aes-forward.ts");
  expect(bytes.map((v) => evaluate(gates, v) ^ 0x63)).toEqual(aesSbox);
});

test("aes-inverse.ts undoes the S-box on all 256 bytes, its input plus 0x63", () => {
  const gates = gatesOf("aes-inverse.ts");
  expect(aesSbox.map((s) => evaluate(gates, s ^ 0x63))).toEqual(bytes);
});

test("sm4.ts is the S-box plus 0xd3 on all 256 bytes, its input plus 0x75", () => {
  const gates = gatesOf("sm4.ts");
  expect(bytes.map((v) => evaluate(gates, v ^ 0x75) ^ 0xd3)).toEqual(sm4Sbox);
});

/** Runs aes-mix-columns.ts on one column: 32 bits, bit k of row r at 8·r + k. */
function mixColumn(column: number): { output: number; xors: number } {
  const source = readFileSync(new URL("../../assembly/circuit/aes-mix-columns.ts", import.meta.url), "utf8");
  const values = new Map<string, number>();
  const value = (name: string): number => {
    const found = values.get(name);
    if (found === undefined) throw new Error(`${name} is read before it is computed`);
    return found;
  };
  let output = 0;
  let xors = 0;
  // In place: what an output replaces cannot be taken any more.
  const replaced = new Set<string>();
  for (const line of source.split("\n")) {
    const [, taken, row = "", bit = ""] = /^ {2}const (\w+) = rows\.take\(planes, (\d), (\d)\);$/.exec(line) ?? [];
    if (taken !== undefined) {
      expect(replaced.has(row + bit)).toBe(false);
      values.set(taken, (column >>> (8 * Number(row) + Number(bit))) & 1);
    }
    const [, sum, a = "", b = ""] = /^ {2}const (\w+) = xor\((\w+), (\w+)\);$/.exec(line) ?? [];
    if (sum !== undefined) {
      values.set(sum, value(a) ^ value(b));
      xors += 1;
    }
    const [, to = "", at = "", put] = /^ {2}rows\.put\(planes, key, (\d), (\d), (\w+)\);$/.exec(line) ?? [];
    if (put !== undefined) {
      replaced.add(to + at);
      output |= value(put) << (8 * Number(to) + Number(at));
    }
  }
  expect(replaced.size).toBe(32);
  return { output: output >>> 0, xors };
}

/** FIPS 197 §5.1.3, eq. 5.8: rows are bytes of the column, the lowest first. */
function mixedByStandard(column: number): number {
  const a = [0, 8, 16, 24].map((shift) => (column >>> shift) & 0xff);
  const double = (v: number) => (v << 1) ^ (v & 0x80 ? 0x11b : 0);
  const rows = a.map((v, r) => {
    const next = a[(r + 1) % 4] ?? 0;
    return double(v) ^ double(next) ^ next ^ (a[(r + 2) % 4] ?? 0) ^ (a[(r + 3) % 4] ?? 0);
  });
  return rows.reduce((sum, v, r) => sum | (v << (8 * r)), 0) >>> 0;
}

test("aes-mix-columns.ts is MixColumns in the 94 XORs it claims", () => {
  // The example of FIPS 197 appendix B, round 1, first column.
  expect(mixedByStandard(0x305dbfd4)).toBe(0xe5816604);
  // Linear, so that the single bits decide.
  for (let bit = 0; bit < 32; bit++) {
    const column = (1 << bit) >>> 0;
    expect(mixColumn(column)).toEqual({ output: mixedByStandard(column), xors: 94 });
  }
});
