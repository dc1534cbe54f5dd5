// The S-boxes, by their definitions.
import type { Box } from "../substitutions.ts";

/** A product in GF(2)[x] modulo a polynomial of degree 8. */
function multiply(a: number, b: number, polynomial: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) {
    product <<= 1;
    if (product & 0x100) product ^= polynomial;
    if ((b >> bit) & 1) product ^= a;
  }
  return product;
}

/** The inverse, and 0 for 0. */
function invert(a: number, polynomial: number): number {
  for (let b = 1; b < 256; b++) if (multiply(a, b, polynomial) === 1) return b;
  return 0;
}

const rotate = (byte: number, by: number) => ((byte << by) | (byte >> (8 - by))) & 255;

/** FIPS 197 §5.1.1: the inverse, then b + b<<<1 + b<<<2 + b<<<3 + b<<<4 + 0x63. */
function aesEntry(value: number): number {
  const b = invert(value, 0x11b);
  return b ^ rotate(b, 1) ^ rotate(b, 2) ^ rotate(b, 3) ^ rotate(b, 4) ^ 0x63;
}

/** SM4's affine map: a circulant matrix, its first row 11010011 from x^7 down, and 0xd3 (Liu et al., ACISP 2007). */
function sm4Affine(value: number): number {
  let result = 0;
  for (let bit = 0; bit < 8; bit++) {
    let sum = 0;
    for (let i = 0; i < 8; i++) sum ^= (rotate(0xa7, bit) >> i) & (value >> i) & 1;
    result |= sum << bit;
  }
  return result ^ 0xd3;
}

const tableOf = (entry: (value: number) => number) => Uint8Array.from({ length: 256 }, (_, value) => entry(value));

export const aesBox: Box = { name: "AES S-box", table: tableOf(aesEntry), inverse: "AES inverse S-box" };
export const aesInverseBox: Box = {
  name: "AES inverse S-box",
  inverse: aesBox.name,
  table: tableOf((value) => aesBox.table.indexOf(value)),
};
export const sm4Box: Box = { name: "SM4 S-box", table: tableOf((value) => sm4Affine(invert(sm4Affine(value), 0x1f5))) };
