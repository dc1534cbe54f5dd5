// The round keys of the equivalent inverse cipher (FIPS 197 §5.3.5), for aes-inverse-vector-permute.ts.
import { SETUP, SETUP_SIZE, wipeBlocks } from "../memory";
import { expandWords } from "./aes-key-words";
import { toInversePairs } from "./aes-inverse-vector-permute";

/** Bytes of the inverse round keys. */
export const INVERSE_KEYS_SIZE: usize = 15 * 16;

/** Twice every byte, in GF(2^8). */
@inline
function double(a: v128): v128 {
  return v128.xor(i8x16.shl(a, 1), v128.and(i8x16.shr_s(a, 7), i8x16.splat(0x1b)));
}

/** InvMixColumns: 14, 11, 13 and 9 times each byte, the last three moved up from the next rows of the column. */
function inverseMixColumns(a: v128): v128 {
  const twice = double(a), four = double(twice), eight = double(four), nine = v128.xor(a, eight);
  const times11 = v128.xor(nine, twice), times13 = v128.xor(nine, four), times14 = v128.xor(v128.xor(twice, four), eight);
  return v128.xor(
    v128.xor(times14, v128.shuffle<u8>(times11, times11, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12)),
    v128.xor(
      v128.shuffle<u8>(times13, times13, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13),
      v128.shuffle<u8>(nine, nine, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14),
    ),
  );
}

/** Expands a key of 4·(`rounds` − 6) bytes at `key` to `to`. */
export function expandInverseKeys(to: usize, key: usize, rounds: u32): void {
  expandWords(key, rounds - 6, rounds);
  v128.store(to, v128.load(SETUP));
  for (let r: usize = 1; r < rounds; ++r) v128.store(to + 16 * r, toInversePairs(inverseMixColumns(v128.load(SETUP + 16 * r))));
  v128.store(to + 16 * rounds, toInversePairs(v128.load(SETUP + 16 * rounds)));
  wipeBlocks(SETUP, SETUP_SIZE);
}
