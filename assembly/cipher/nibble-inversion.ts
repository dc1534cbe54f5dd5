// Inversion in GF(2^8) by look-ups of 16 entries (Hamburg, Accelerating AES with Vector Permute Instructions, CHES 2009),
// which is what the S-boxes of AES and SM4 have in common.
//
// A byte is held as a pair of nibbles (i, k), the element k + i·z of GF(16)[z] with z² + a·z + a = 0, so that inversion
// takes look-ups in GF(16) only. With j = i + k:
//
//     1/io = (k + a·i)/norm   where io = 1/(1/i + a/k) + j
//     1/jo = (k + a·j)/norm   where jo = 1/(1/j + a/k) + i
//
// and every linear function of the inverse is a sum of one function of 1/io and one of 1/jo: two look-ups more. 1/0 is 0x80:
// its top bit survives the additions and makes the next look-up give 0, which is what 1/∞ should be.
//
// A cipher's tables begin with four of the same kind: byte → (i, k) from its low and its high nibble, 1/n, a/n.
// `tools/derive-nibble-tables.mjs` derives them.
import { highNibbles, lookup, lowNibbles } from "../swizzle";

const INVERSE: usize = 32, INVERSE_TIMES_A: usize = 48;

/** A linear map of bytes, by the tables of their low and their high nibbles. */
@inline
export function translate(tables: usize, bytes: v128): v128 {
  return v128.xor(lookup(v128.load(tables), lowNibbles(bytes)), lookup(v128.load(tables, 16), highNibbles(bytes)));
}

/** io from i and j, or jo from j and i; `ak` is a/k. */
@inline
function outputIndex(tables: usize, one: v128, other: v128, ak: v128): v128 {
  const inverse = v128.load(tables + INVERSE);
  return v128.xor(lookup(inverse, v128.xor(lookup(inverse, one), ak)), other);
}

@inline
export function firstIndex(tables: usize, pairs: v128): v128 {
  const k = lowNibbles(pairs), i = highNibbles(pairs);
  return outputIndex(tables, i, v128.xor(i, k), lookup(v128.load(tables + INVERSE_TIMES_A), k));
}

@inline
export function secondIndex(tables: usize, pairs: v128): v128 {
  const k = lowNibbles(pairs), i = highNibbles(pairs);
  return outputIndex(tables, v128.xor(i, k), i, lookup(v128.load(tables + INVERSE_TIMES_A), k));
}

/** A linear function of the inverse, by its tables of io and jo. */
@inline
export function ofInverse(tables: usize, io: v128, jo: v128): v128 {
  return v128.xor(lookup(v128.load(tables), io), lookup(v128.load(tables, 16), jo));
}
