// The AES key expansion (FIPS 197 §5.2), its SubWord by vector permutation instead of a table.
import { SETUP } from "../memory";
import { subBytes, toPairs } from "./aes-vector-permute";

/** SubWord on a word in memory order. */
@inline
function subWord(word: u32): u32 {
  return <u32>i32x4.extract_lane(subBytes(toPairs(i32x4.splat(word))), 0) ^ 0x63636363;
}

/** Words of all round keys, in memory order, to SETUP. RotWord, which moves byte 1 to byte 0, is a rotation right. */
export function expandWords(key: usize, keyWords: u32, rounds: u32): void {
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
