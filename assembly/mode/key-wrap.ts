// AES key wrap without padding and with it: KW and KWP of SP 800-38F §6.2 and §6.3, RFC 3394 and RFC 5649. A slot holds the
// expanded key, then the round keys of the inverse cipher. Messages stand in place: 8 bytes of integrity check, then the text.
//
// Every block waits for the one before, in both directions, so both go by vector permutation.
import { expandInverseKeys, INVERSE_KEYS_SIZE } from "../cipher/aes-inverse-key-schedule";
import { decryptBlock } from "../cipher/aes-inverse-vector-permute";
import { encryptBlock } from "../cipher/aes-vector-permute";
import { LinkedAes } from "../linked/aes";

/** The integrity check of KW, ICV1. */
const CHECK: u64 = 0xa6a6a6a6a6a6a6a6;

/** The upper half of KWP's, ICV2. It reads the same from both ends. */
const PADDED_CHECK: u32 = 0xa65959a6;

@inline
function inverseKeys(key: LinkedAes): usize {
  return changetype<usize>(key) + key.size();
}

/** Bytes of a key slot. */
export function keyWrapSlotSize(): usize {
  return changetype<LinkedAes>(0).size() + INVERSE_KEYS_SIZE;
}

/** Makes the inverse round keys of an expanded key, from its bytes at `from`. */
export function expandKeyWrap(key: LinkedAes, from: usize): void {
  expandInverseKeys(inverseKeys(key), from, key.rounds());
}

/** The step count that is added to the check, big-endian, in the first half of a block. */
@inline
function steps(count: u64): v128 {
  return i64x2.replace_lane(i64x2.splat(0), 0, bswap<u64>(count));
}

/** W (SP 800-38F §6.1, algorithm 1) on `length` bytes, a multiple of 8; one block alone is just encrypted (§6.3, algorithm 5). */
function wrap(key: LinkedAes, data: usize, length: u32): void {
  const keys = key.serialKeys(), rounds = key.rounds(), end = data + length;
  let block = v128.load64_zero(data);
  if (length == 16) {
    v128.store(data, encryptBlock(keys, rounds, v128.load(data)));
    return;
  }
  let count: u64 = 0;
  for (let pass = 0; pass < 6; ++pass) {
    for (let at = data + 8; at < end; at += 8) {
      block = encryptBlock(keys, rounds, v128.load64_lane(at, block, 1));
      v128.store64_lane(at, block, 1);
      block = v128.xor(block, steps(++count));
    }
  }
  v128.store64_lane(data, block, 0);
}

/** The inverse of W (SP 800-38F §6.1, algorithm 2). */
function unwrap(key: LinkedAes, data: usize, length: u32): void {
  const keys = inverseKeys(key), rounds = key.rounds();
  let block = v128.load64_zero(data);
  if (length == 16) {
    v128.store(data, decryptBlock(keys, rounds, v128.load(data)));
    return;
  }
  const semiblocks: u64 = (length >> 3) - 1;
  let count = (semiblocks << 2) + (semiblocks << 1);
  for (let pass = 0; pass < 6; ++pass) {
    for (let at = data + length - 8; at > data; at -= 8, --count) {
      block = decryptBlock(keys, rounds, v128.xor(v128.load64_lane(at, block, 1), steps(count)));
      v128.store64_lane(at, block, 1);
    }
  }
  v128.store64_lane(data, block, 0);
}

/** KW: wraps `length` bytes, of which the first 8 are overwritten. `length` is a multiple of 8, at least 24. */
export function kwWrap(key: LinkedAes, data: usize, length: u32): void {
  store<u64>(data, CHECK);
  wrap(key, data, length);
}

/** KW: unwraps `length` bytes, a multiple of 8, at least 24. Returns 1 if they are authentic, else 0. */
export function kwUnwrap(key: LinkedAes, data: usize, length: u32): u32 {
  unwrap(key, data, length);
  return <u32>(load<u64>(data) == CHECK);
}

/** KWP: wraps `text` bytes that follow the first 8, which are overwritten. Pads them with zeros up to a multiple of 8. */
export function kwpWrap(key: LinkedAes, data: usize, text: u32): void {
  const padded = text + 7 & ~7;
  store<u32>(data, PADDED_CHECK);
  store<u32>(data, bswap<u32>(text), 4);
  memory.fill(data + 8 + text, 0, padded - text);
  wrap(key, data, padded + 8);
}

/**
 * KWP: unwraps `length` bytes, a multiple of 8, at least 16. Returns the length of the text, or 0 if they are not authentic (SP
 * 800-38F §6.3, algorithm 6). Checks everything, whichever part is wrong.
 */
export function kwpUnwrap(key: LinkedAes, data: usize, length: u32): u32 {
  unwrap(key, data, length);
  const text = bswap<u32>(load<u32>(data, 4)), padding = length - 8 - text;
  const places = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const padded = i8x16.ge_u(places, i8x16.splat(<i8>(8 - padding)));
  const nonzero = v128.any_true(v128.and(v128.load64_zero(data + length - 8), padded));
  const wrong = <u32>(load<u32>(data) != PADDED_CHECK) | <u32>(padding > 7) | <u32>nonzero;
  return text & wrong - 1;
}
