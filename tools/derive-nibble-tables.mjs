// Derives the tables of aes-vector-permute.ts, aes-inverse-vector-permute.ts and sm4-vector-permute.ts in assembly/cipher/ from the
// definitions of the S-boxes, and prints them. The method is described at the top of nibble-inversion.ts.
import { fileURLToPath } from "node:url";

/** Multiplication in GF(2)[x] modulo a polynomial of degree 8. */
function multiplier(polynomial) {
  return (a, b) => {
    let product = 0;
    for (let bit = 0, shifted = a; bit < 8; bit++) {
      if ((b >> bit) & 1) product ^= shifted;
      shifted = (shifted << 1) ^ (shifted & 0x80 ? polynomial : 0);
    }
    return product;
  };
}

const bytes = [...Array(256).keys()];
const nibbles = [...Array(16).keys()];

function rotateLeft(byte, bits) {
  return ((byte << bits) | (byte >> (8 - bits))) & 0xff;
}

/** The subfield of 16 elements: its elements by the nibbles that stand for them. */
function subfieldOf(multiply) {
  const subfield = bytes.filter((x) => {
    let y = x;
    for (let i = 0; i < 4; i++) y = multiply(y, y);
    return y === x;
  });
  const base = [];
  let span = [0];
  for (const x of subfield) {
    if (span.includes(x)) continue;
    base.push(x);
    span = span.concat(span.map((y) => y ^ x));
  }
  return nibbles.map((n) => base.reduce((sum, x, bit) => ((n >> bit) & 1 ? sum ^ x : sum), 0));
}

/** Tables for S(v) = outer(1 / (inner(v) + c)) + c', both maps linear: constants are the caller's business. `basis` gives u and w
 * for the field's multiplication. */
export function derive({ polynomial, inner, outer, basis }) {
  const multiply = multiplier(polynomial);
  const inverse = (x) => bytes.find((y) => multiply(x, y) === 1) ?? 0;
  const elements = subfieldOf(multiply);
  const { u, w } = basis(multiply, elements);
  const [uBar, wBar] = [conjugate(multiply, u), conjugate(multiply, w)];
  const [A, B, C] = [multiply(u, uBar), multiply(u, wBar) ^ multiply(uBar, w), multiply(w, wBar)];
  const perSum = inverse(A ^ B ^ C);
  const pairs = new Map();
  for (const i of nibbles)
    for (const k of nibbles) pairs.set(multiply(elements[k], u) ^ multiply(elements[i], w), (i << 4) | k);
  const toPair = (v) => pairs.get(inner(v));
  const over = (x) => nibbles.map((n) => (n === 0 ? 0x80 : elements.indexOf(multiply(x, inverse(elements[n])))));
  const times = (x) => nibbles.map((n) => elements.indexOf(multiply(x, elements[n])));
  // 1/v = (k·ū + i·w̄)/norm; i/norm = (1/io + 1/jo)/(A+C), and k/norm = 1/(A·jo) + i/norm.
  const io = multiply(uBar ^ wBar, inverse(A ^ C));
  const jo = multiply(uBar, inverse(A)) ^ io;
  const output = (coefficient, map) =>
    nibbles.map((n) => (n === 0 ? 0 : map(outer(multiply(inverse(elements[n]), coefficient)))));
  const both = (map) => [output(io, map), output(jo, map)];
  return {
    toPair,
    input: [nibbles.map((n) => toPair(n)), nibbles.map((n) => toPair(n << 4))],
    inversion: [over(multiply(A, perSum)), over(multiply(C, perSum)), over(1), times(multiply(C, inverse(A)))],
    bytes: both((b) => b),
    /** The output as the pair of a linear function of it, ready to be an input again. */
    pairs: (map) => both((b) => toPair(map(b))),
    /** From pairs back to bytes. */
    output: [
      nibbles.map((n) => bytes.find((v) => toPair(v) === n)),
      nibbles.map((n) => bytes.find((v) => toPair(v) === n << 4)),
    ],
  };
}

/** The conjugate over the subfield, x to the power of 16. */
function conjugate(multiply, x) {
  let y = x;
  for (let i = 0; i < 4; i++) y = multiply(y, y);
  return y;
}

/** FIPS 197 §5.1.1. With u = 2̄·w, the k of 2·v is the i of v: 2·w = u + Tr(2)·w, 2·u = N(2)·w. */
const aes = {
  polynomial: 0x11b,
  inner: (v) => v,
  outer: (x) => [1, 2, 3, 4].reduce((sum, n) => sum ^ rotateLeft(x, n), x),
  basis: (multiply) => ({ u: conjugate(multiply, 2), w: 1 }),
};

/** The inverse S-box (FIPS 197 §5.3.2), in the same basis: the linear part of the S-box, undone, and then inversion. */
const inverseAes = {
  ...aes,
  inner: (y) => bytes.find((x) => aes.outer(x) === y),
  outer: (x) => x,
};

/** The S-box of GB/T 32907-2016 in the form of Liu et al., Analysis of the SMS4 Block Cipher (ACISP 2007): A is circulant. */
const circulant = (x) =>
  [...Array(8).keys()].reduce((sum, bit) => {
    const ones = rotateLeft(0xa7, bit) & x;
    const parity = [...ones.toString(2)].filter((digit) => digit === "1").length & 1;
    return sum | (parity << bit);
  }, 0);
const sm4 = {
  polynomial: 0x1f5,
  inner: circulant,
  outer: circulant,
  /** Hamburg's: w² + a·w + a = 0, so that B = C and α = 1. */
  basis: (multiply, elements) => {
    const a = (w) => w ^ conjugate(multiply, w);
    const w = bytes.find((x) => !elements.includes(x) && multiply(x, conjugate(multiply, x)) === a(x) && a(x) !== 1);
    return { u: 1, w };
  },
};

/** All tables of aes-vector-permute.ts in order. */
export function aesTables() {
  const tables = derive(aes);
  const double = (b) => multiplier(0x11b)(2, b);
  return [...tables.input, ...tables.inversion, ...tables.bytes, ...tables.pairs((b) => b), ...tables.pairs(double)];
}

/** All tables of aes-inverse-vector-permute.ts in order. */
export function inverseAesTables() {
  const tables = derive(inverseAes);
  const times = [0x0e, 0x0b, 0x0d, 0x09].flatMap((factor) => tables.pairs((b) => multiplier(0x11b)(factor, b)));
  return [...tables.input, ...tables.inversion, ...tables.bytes, ...times];
}

/** All tables of sm4-vector-permute.ts in order. */
export function sm4Tables() {
  const tables = derive(sm4);
  const own = tables.pairs((b) => b ^ ((b << 2) & 0xff));
  const above = tables.pairs((b) => (b >> 6) ^ ((b << 2) & 0xff));
  return [...tables.input, ...tables.inversion, ...tables.bytes, ...own, ...above, ...tables.output];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, tables] of [
    ["aes-vector-permute.ts", aesTables()],
    ["aes-inverse-vector-permute.ts", inverseAesTables()],
    ["sm4-vector-permute.ts", sm4Tables()],
  ]) {
    console.log(name);
    for (const table of tables)
      console.log(`  ${table.map((x) => `0x${x.toString(16).padStart(2, "0")}`).join(", ")},`);
  }
}
