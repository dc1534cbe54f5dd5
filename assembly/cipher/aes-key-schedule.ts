// AES key slots: the round keys as both paths of the cipher take them.
import { SETUP, SETUP_SIZE, wipeBlocks } from "../memory";
import { Aes, PLANE_KEYS, SERIAL_KEYS } from "./aes";
import { expandWords } from "./aes-key-words";
import { toPairs } from "./aes-vector-permute";
import { bitMask } from "./plane-key";

/** One round key as eight planes, the same for every block: bit k of a byte becomes 0x00 or 0xff. */
@inline
function storePlanes(to: usize, roundKey: v128): void {
  const rows = v128.shuffle<u8>(roundKey, roundKey, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  for (let k: u32 = 0; k < 8; ++k) v128.store(to + 16 * k, bitMask(rows, k));
}

/** The inverse of ShiftRows. */
@inline
function unshiftRows(state: v128): v128 {
  return i8x16.swizzle(state, i8x16(0, 13, 10, 7, 4, 1, 14, 11, 8, 5, 2, 15, 12, 9, 6, 3));
}

/** Expands the 16, 24 or 32 bytes at `key` into `slot`. */
export function expandAesKey(slot: usize, key: usize, length: u32): void {
  const keyWords = length >> 2, rounds = keyWords + 6;
  expandWords(key, keyWords, rounds);
  changetype<Aes>(slot).rounds = rounds;
  for (let r: usize = 0; r <= rounds; ++r) {
    // Every S-box output here lacks its 0x63, which MixColumns and ShiftRows do not change, so the round key adds it.
    const constant = r == 0 ? i8x16.splat(0) : i8x16.splat(0x63);
    const roundKey = v128.xor(v128.load(SETUP + 16 * r), constant);
    storePlanes(slot + PLANE_KEYS + 128 * r, roundKey);
    v128.store(slot + SERIAL_KEYS + 16 * r, r == rounds ? roundKey : toPairs(unshiftRows(roundKey)));
  }
  v128.store(slot + SERIAL_KEYS, toPairs(v128.load(SETUP)));
  wipeBlocks(SETUP, SETUP_SIZE);
}
