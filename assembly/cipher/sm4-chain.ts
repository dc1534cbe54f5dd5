// SM4-CBC encryption, where every block waits for the one before, with the look-ups of sm4-vector-permute.ts. The speed depends on
// the length of the longest dependency chain, not on the number of operations.
//
// A word is a vector with one byte in the lowest bits of each 32-bit lane: one shift without a mask splits a pair of nibbles,
// and a rotation by bytes is a rotation of lanes. Blocks are added and returned as pairs, outside the chain.
//
// The S-box input of a round is the previous word plus a sum that is known earlier. So the previous round adds that sum in place of
// `word`: its result is the next input itself, and the word is that plus the sum.
import { addRoundFunction, fromPairs, toPairs } from "./sm4-vector-permute";

/** The four bytes of a round key, each in 32 bits. */
@inline
function roundKey(key: usize): v128 {
  return i32x4.extend_low_i16x8_u(v128.load8x8_u(key));
}

/** Words 0 and 1, or 2 and 3, of a block as pairs, then the first or the second of the two. */
@inline
function word(pairs: v128, w: i32): v128 {
  const half = w < 2 ? i16x8.extend_low_i8x16_u(pairs) : i16x8.extend_high_i8x16_u(pairs);
  return w % 2 == 0 ? i32x4.extend_low_i16x8_u(half) : i32x4.extend_high_i16x8_u(half);
}

/** Encrypts `length` bytes at `data` in place, a multiple of 16; the block at `chain` is added to the first. */
export function encryptChain(keys: usize, chain: usize, data: usize, length: u32): void {
  const end = data + length;
  const start = toPairs(v128.load(chain));
  let x0 = word(start, 0), x1 = word(start, 1), x2 = word(start, 2), x3 = word(start, 3);
  for (; data < end; data += 16) {
    const block = toPairs(v128.load(data));
    x0 = v128.xor(x0, word(block, 0));
    x1 = v128.xor(x1, word(block, 1));
    x2 = v128.xor(x2, word(block, 2));
    x3 = v128.xor(x3, word(block, 3));
    let input = v128.xor(v128.xor(x3, x2), v128.xor(x1, roundKey(keys)));
    // The input after the last round is not used: the memory after the round keys cancels out of x3.
    for (let key = keys + 16; key <= keys + 512; key += 16) {
      const sum = v128.xor(v128.xor(x2, x3), roundKey(key));
      input = addRoundFunction(v128.xor(x0, sum), input, true);
      x0 = x1;
      x1 = x2;
      x2 = x3;
      x3 = v128.xor(input, sum);
    }
    const y0 = x3, y1 = x2;
    x3 = x0;
    x2 = x1;
    x1 = y1;
    x0 = y0;
    v128.store(data, fromPairs(i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_u(x0, x1), i16x8.narrow_i32x4_u(x2, x3))));
  }
}
