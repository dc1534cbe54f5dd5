// AES-GCM-SIV (RFC 8452). Every message has keys of its own, derived from the nonce. They stand in a slot of the message:
//
//     offset 0                  the message-encryption key, expanded
//     offset size               the message-authentication key as a hash key of GHASH
//     offset size + hash key    the POLYVAL state, as GHASH holds it
//                     + 16      the tag
//                     + 32      the nonce, 12 bytes, and 4 zeros
//                     + 48      the next counter block
//
// POLYVAL is GHASH on blocks whose bytes are reversed, under the reversed key times x (RFC 8452 Appendix A).
//
// The counter block is the tag, which is public. Nothing looks anything up by it all the same, so that no address depends on text.
import { LinkedAes } from "../linked/aes";
import { expandHashKey, hash } from "../linked/hash";
import { expandAes } from "../linked/key-set-up";
import { equalTags } from "../equal";
import { GHASH_KEY_SIZE } from "../ghash/shape";
import { BATCH, NIBBLES, NIBBLES_SIZE, NONCE, wipeBlocks } from "../memory";
import { xorBytes } from "./bytes";
import { blocksTogether, encryptKeystream, wipeBatch } from "./counter";

const TAG: usize = 16, NONCE_COPY: usize = 32, COUNTER: usize = 48, STATE_SIZE: usize = 64;

/** Bytes that POLYVAL takes at a time: those of BATCH. */
const HASHED_AT_ONCE: u32 = 2048;

@inline
function hashKeyOf(message: LinkedAes): usize {
  return changetype<usize>(message) + message.size();
}

@inline
function stateOf(message: LinkedAes): usize {
  return hashKeyOf(message) + GHASH_KEY_SIZE;
}

/** Bytes of a message's slot. */
@inline
export function gcmSivMessageSize(): usize {
  return stateOf(changetype<LinkedAes>(0)) + STATE_SIZE;
}

@inline
function reversed(block: v128): v128 {
  return v128.shuffle<u8>(block, block, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
}

/** The block at `at` times x, in GHASH's bit order (`mulX_GHASH`, RFC 8452 Appendix A). */
@inline
function timesX(at: usize): void {
  const upper = bswap<u64>(load<u64>(at)), lower = bswap<u64>(load<u64>(at, 8));
  store<u64>(at, bswap<u64>(upper >> 1 ^ (0 - (lower & 1) & 0xe100000000000000)));
  store<u64>(at, bswap<u64>(lower >> 1 | upper << 63), 8);
}

/**
 * Begins a message with the nonce of 12 bytes at NONCE, which is wiped: derives its keys from `key`, which was expanded from `length`
 * bytes (RFC 8452 §4).
 */
export function gcmSivStart(key: LinkedAes, message: LinkedAes, length: u32): void {
  const nonce = i32x4.replace_lane(v128.load(NONCE), 3, 0), blocks: u32 = 2 + (length >> 3);
  const block = v128.shuffle<u32>(nonce, nonce, 3, 0, 1, 2);
  for (let i: u32 = 0; i < blocks; ++i) v128.store(BATCH + 16 * i, i32x4.replace_lane(block, 0, i));
  key.encryptFew(BATCH, blocks);
  const derived = BATCH + 128;
  for (let i: u32 = 0; i < blocks; ++i) store<u64>(derived + 8 * i, load<u64>(BATCH + 16 * i));
  expandAes(changetype<usize>(message), derived + 16, length);
  v128.store(derived, reversed(v128.load(derived)));
  timesX(derived);
  expandHashKey(hashKeyOf(message), derived);
  const state = stateOf(message);
  wipeBlocks(state, STATE_SIZE);
  v128.store(state, nonce, NONCE_COPY);
  wipeBlocks(BATCH, 192);
  wipeBlocks(NONCE, 16);
}

/** The first `length` bytes of a block, and zeros. */
@inline
function firstBytes(block: v128, length: u32): v128 {
  return v128.and(block, i8x16.lt_u(i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), i8x16.splat(<i8>length)));
}

/** Hashes `length` bytes at `data`, with zeros to a multiple of 16. */
function polyval(message: LinkedAes, data: usize, length: u32): void {
  while (length > 0) {
    const part = min<u32>(length, HASHED_AT_ONCE), whole = part & ~15;
    for (let i: usize = 0; i < whole; i += 16) v128.store(BATCH + i, reversed(v128.load(data + i)));
    if (whole < part) v128.store(BATCH + whole, reversed(firstBytes(v128.load(data + whole), part - whole)));
    hash(hashKeyOf(message), stateOf(message), BATCH, part + 15 & ~15);
    data += part;
    length -= part;
  }
}

/** Wipes what `polyval` of at most `length` bytes at a time has left. */
@inline
function wipeHashed(length: u32): void {
  wipeBlocks(BATCH, min<u32>(length + 15 & ~15, HASHED_AT_ONCE));
  wipeBlocks(NIBBLES, NIBBLES_SIZE);
}

/** Hashes one part of the additional data or the plaintext, a multiple of 16 bytes unless it is the last of its kind. */
export function gcmSivHash(message: LinkedAes, data: usize, length: u32): void {
  polyval(message, data, length);
  wipeHashed(length);
}

/** The tag of what was hashed (RFC 8452 §4), `aad` bytes of additional data and `text` of plaintext, to its place in the slot. */
function makeTag(message: LinkedAes, aad: u64, text: u64): void {
  const state = stateOf(message);
  store<u64>(BATCH, bswap<u64>(text << 3));
  store<u64>(BATCH, bswap<u64>(aad << 3), 8);
  hash(hashKeyOf(message), state, BATCH, 16);
  const sum = v128.xor(reversed(v128.load(state)), v128.load(state, NONCE_COPY));
  v128.store(BATCH, i8x16.replace_lane(sum, 15, i8x16.extract_lane_u(sum, 15) & 0x7f));
  message.encryptFew(BATCH, 1);
  v128.store(state, v128.load(BATCH), TAG);
  wipeBlocks(BATCH, 64);
  wipeBlocks(NIBBLES, NIBBLES_SIZE);
}

/** Ends the hash: the tag's 16 bytes to `tag`. */
export function gcmSivTag(message: LinkedAes, tag: usize, aad: u64, text: u64): void {
  makeTag(message, aad, text);
  v128.store(tag, v128.load(stateOf(message), TAG));
}

/** Ends the hash: whether the tag is the one at `tag`. */
export function gcmSivVerify(message: LinkedAes, tag: usize, aad: u64, text: u64): u32 {
  makeTag(message, aad, text);
  return equalTags(stateOf(message) + TAG, tag, 16);
}

/** The first counter block, from the tag at `tag`: its top bit is set, and its first four bytes count, little-endian. */
export function gcmSivCounter(message: LinkedAes, tag: usize): void {
  const block = v128.load(tag);
  v128.store(stateOf(message), i8x16.replace_lane(block, 15, i8x16.extract_lane_u(block, 15) | 0x80), COUNTER);
}

/** `count` counter blocks from the one at `block` on, to BATCH. They count modulo 2^32, without a carry. */
@inline
function writeCounters(block: usize, count: u32): void {
  const first = v128.load(block), counter = load<u32>(block);
  for (let i: u32 = 0; i < count; ++i) v128.store(BATCH + 16 * i, i32x4.replace_lane(first, 0, counter + i));
}

/** Encrypts or decrypts one part of the text in place, a multiple of 16 bytes unless it is the last. */
export function gcmSivKeystream(message: LinkedAes, data: usize, length: u32): void {
  const block = stateOf(message) + COUNTER, most = length + 15 >> 4;
  while (length > 0) {
    const blocks = blocksTogether<LinkedAes>(message, length + 15 >> 4), part = min<u32>(length, 16 * blocks);
    writeCounters(block, blocks);
    if (part == 16 * message.lanes()) {
      message.encryptBatch(BATCH, data, data, blocks);
    } else {
      encryptKeystream<LinkedAes>(message, blocks);
      xorBytes(data, BATCH, part);
    }
    store<u32>(block, load<u32>(block) + blocks);
    data += part;
    length -= part;
  }
  wipeBatch<LinkedAes>(message, most);
}

/** Seals a whole message: `data`, a multiple of 16, holds the additional data, room to a multiple of 16, the text. The tag's 16
 * bytes follow the ciphertext. */
export function gcmSivSeal(message: LinkedAes, data: usize, aad: u32, text: u32): void {
  const at = data + (aad + 15 & ~15);
  polyval(message, data, aad);
  polyval(message, at, text);
  makeTag(message, aad, text);
  gcmSivCounter(message, stateOf(message) + TAG);
  wipeHashed(max<u32>(aad, text));
  gcmSivKeystream(message, at, text);
  v128.store(at + text, v128.load(stateOf(message), TAG));
}

/** Opens a whole message: as `gcmSivSeal`, with the tag behind the ciphertext. Returns 1 and leaves the plaintext, or 0 and zeros. */
export function gcmSivOpen(message: LinkedAes, data: usize, aad: u32, text: u32): u32 {
  const at = data + (aad + 15 & ~15);
  gcmSivCounter(message, at + text);
  gcmSivKeystream(message, at, text);
  polyval(message, data, aad);
  polyval(message, at, text);
  const authentic = gcmSivVerify(message, at + text, aad, text);
  wipeHashed(max<u32>(aad, text));
  if (!authentic) memory.fill(at, 0, text);
  return authentic;
}
