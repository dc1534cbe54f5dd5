// The SM4 key expansion (GB/T 32907-2016 §7.3), its S-box by vector permutation instead of a table.
//
// Both forms of the S-box work without their constants: with S(v) = C(v + in) + out, the round keys take up `in`, and `out`
// passes through L (0xd3 in all bytes becomes 0x4f in all bytes) and stays behind in every word from X4 on, cancelling
// again four rounds later. Of X(i+1), X(i+2), X(i+3) an odd number carries it in rounds 1, 3, 4 and 6 of every eight.
import { SETUP, SETUP_SIZE, wipeBlocks } from "../memory";
import { bitMask } from "./plane-key";
import { PLANE_KEYS } from "./sm4";
import { INPUT_CONSTANT, subBytes, toPairs } from "./sm4-vector-permute";

/** FK, the system parameter (§7.3.2 a). */
const SYSTEM = memory.data<u32>([0xa3b1bac6, 0x56aa3350, 0x677d9197, 0xb27022dc]);

/** CK of round i (§7.3.2 b): byte j is 7·(4·i + j) modulo 256. */
@inline
function fixedKey(i: u32): u32 {
  const first = 28 * i;
  return (first & 255) << 24 | (first + 7 & 255) << 16 | (first + 14 & 255) << 8 | (first + 21 & 255);
}

/** S-box on every byte, then L'(B) = B + B<<<13 + B<<<23. */
@inline
function keyRound(word: u32): u32 {
  const input = v128.xor(toPairs(i32x4.splat(word)), i8x16.splat(INPUT_CONSTANT));
  const b = <u32>i32x4.extract_lane(subBytes(input), 0) ^ 0xd3d3d3d3;
  return b ^ rotl<u32>(b, 13) ^ rotl<u32>(b, 23);
}

/** The constant that round i adds because some words lack the S-box's constant. */
@inline
function carried(i: u32): u32 {
  return (0b01011010 >> (i & 7) & 1) * 0x4f4f4f4f;
}

function storeRoundKey(slot: usize, i: u32, roundKey: u32): void {
  const word = bswap<u32>(roundKey ^ carried(i));
  v128.store(slot + 16 * i, v128.xor(toPairs(i32x4.splat(word)), i8x16.splat(INPUT_CONSTANT)));
  const bytes = i32x4.splat(word ^ 0x75757575);
  const lanes = v128.shuffle<u8>(bytes, bytes, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
  const planes = slot + PLANE_KEYS + 128 * i;
  for (let k: u32 = 0; k < 8; ++k) v128.store(planes + 16 * k, bitMask(lanes, k));
}

/** Expands the 16 bytes at `key` into `slot`. */
export function expandSm4Key(slot: usize, key: usize): void {
  for (let i: usize = 0; i < 16; i += 4) store<u32>(SETUP + i, bswap<u32>(load<u32>(key + i)) ^ load<u32>(SYSTEM + i));
  for (let i: u32 = 0; i < 32; ++i) {
    const at = SETUP + 4 * (i & 3);
    const others = load<u32>(SETUP + 4 * (i + 1 & 3)) ^ load<u32>(SETUP + 4 * (i + 2 & 3)) ^ load<u32>(SETUP + 4 * (i + 3 & 3));
    const roundKey = load<u32>(at) ^ keyRound(others ^ fixedKey(i));
    store<u32>(at, roundKey);
    storeRoundKey(slot, i, roundKey);
  }
  wipeBlocks(SETUP, SETUP_SIZE);
}
