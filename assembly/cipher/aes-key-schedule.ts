// The AES key expansion (FIPS 197 §5.2), its SubWord by vector permutation instead of a table.
import { SETUP, SETUP_SIZE, wipeBlocks } from "../memory";
import { Aes, PLANE_KEYS, SERIAL_KEYS } from "./aes";
import { subBytes, toPairs } from "./aes-vector-permute";
import { bitMask } from "./plane-key";

/** SubWord on a word in memory order. */
@inline
function subWord(word: u32): u32 {
  return <u32>i32x4.extract_lane(subBytes(toPairs(i32x4.splat(word))), 0) ^ 0x63636363;
}

/** Words of all round keys, in memory order, to SETUP. RotWord, which moves byte 1 to byte 0, is a rotation right. */
function expandWords(key: usize, keyWords: u32, rounds: u32): void {
  memory.copy(SETUP, key, 4 * keyWords);
  let constant: u32 = 1;
  let phase: u32 = 0;
  for (let i = keyWords; i < 4 * (rounds + 1); ++i) {
    let word = load<u32>(SETUP + 4 * (i - 1));
    if (phase == 0) {
      word = subWord(rotr<u32>(word, 8)) ^ constant;
      constant = constant << 1 ^ (constant >> 7) * 0x11b;
    } else if (keyWords > 6 && phase == 4) {
      word = subWord(word);
    }
    store<u32>(SETUP + 4 * i, load<u32>(SETUP + 4 * (i - keyWords)) ^ word);
    phase = phase + 1 == keyWords ? 0 : phase + 1;
  }
}

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
