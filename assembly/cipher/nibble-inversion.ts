// Inversion in GF(2^8) by look-ups of 16 entries (after Hamburg, Accelerating AES with Vector Permute Instructions, CHES 2009),
// which the S-boxes of AES and SM4 share.
//
// A byte is held as a pair of nibbles (i, k), the element v = k·u + i·w over GF(16), so that inversion takes look-ups in
// GF(16) only. With A = N(u), B = Tr(u·w̄), C = N(w), the norm of v is A·k² + B·i·k + C·i², and
//
//     1/io = (A·k + C·i)/norm   where io = 1/(α/i + β/k) + i + k
//     1/jo = A·(i + k)/norm     where jo = 1/(α/i + α/k) + γ·i + k
//
// for α = A/(A+B+C), β = C/(A+B+C), γ = C/A. Every linear function of 1/v is a sum of one function of 1/io and one of
// 1/jo: two look-ups more. 1/0 is 0x80: its top bit survives the additions and makes the next look-up give 0, which is what
// 1/∞ should be. In Hamburg's form, where u = 1 and B = C, jo is 1/(1/j + a/k) + i with j = i + k: one addition more that
// the rest has to wait for.
//
// A cipher's tables begin with six of the same kind: byte → (i, k) from its low and its high nibble, then α/n, β/n, 1/n, γ·n.
// `tools/derive-nibble-tables.mjs` derives them.
import { highNibbles, lookup, lowNibbles } from "../swizzle";

const ALPHA: usize = 32, BETA: usize = 48, INVERSE: usize = 64, GAMMA: usize = 80;

/** A linear map of bytes, by the tables of their low and their high nibbles. */
@inline
export function translate(tables: usize, bytes: v128): v128 {
  return v128.xor(lookup(v128.load(tables), lowNibbles(bytes)), lookup(v128.load(tables, 16), highNibbles(bytes)));
}

/** io of (i, k). */
@inline
export function firstIndex(tables: usize, i: v128, k: v128): v128 {
  const sum = v128.xor(lookup(v128.load(tables + ALPHA), i), lookup(v128.load(tables + BETA), k));
  return v128.xor(lookup(v128.load(tables + INVERSE), sum), v128.xor(i, k));
}

/** jo of (i, k). */
@inline
export function secondIndex(tables: usize, i: v128, k: v128): v128 {
  const alpha = v128.load(tables + ALPHA), sum = v128.xor(lookup(alpha, i), lookup(alpha, k));
  return v128.xor(lookup(v128.load(tables + INVERSE), sum), v128.xor(lookup(v128.load(tables + GAMMA), i), k));
}

/** A linear function of the inverse, by its tables of io and jo. */
@inline
export function ofInverse(tables: usize, io: v128, jo: v128): v128 {
  return v128.xor(lookup(v128.load(tables), io), lookup(v128.load(tables, 16), jo));
}
