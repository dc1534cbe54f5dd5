// Many GCM messages under one key: the counter blocks of all of them share the lanes of the bit-sliced cipher, so that a short
// message costs only its own blocks, not a whole batch. For nonces of 96 bits.
//
// The messages stand one after the other, each a multiple of 16 bytes:
//
//     offset 0     the counter block: the nonce, then 4 bytes that stay unused
//     offset 16    becomes E(J0), then the tag
//     offset 32    the GHASH state
//     offset 48    bytes of additional data, of text and of the whole record, 4 bytes each; 4 unused
//     offset 64    the additional data, room to a multiple of 16, the text and room to a multiple of 16, 32 bytes more;
//                  the tag that is to be opened follows the text at once
//
// Bytes that the host does not fill in may hold anything: `prepare` zeroes those that are read.
//
// At the end the results are packed at the front: ciphertext ‖ tag, or plaintext.
import { bitLengths } from "../big-endian";
import { BATCH, LANES, NIBBLES, NIBBLES_SIZE, VERDICTS, wipeBlocks } from "../memory";
import { BlockCipher } from "../cipher/block-cipher";
import { equalTags } from "../equal";
import { encryptKeystream, wipeBatch } from "./counter";
import { hashKeyOf } from "./gcm";

@unmanaged
@final
class Record {
  counter0: u64;
  counter1: u32;
  counter: u32;
  mask0: u64;
  mask1: u64;
  hash0: u64;
  hash1: u64;
  aad: u32;
  length: u32;
  size: u32;

  @inline
  at(offset: usize): usize {
    return changetype<usize>(this) + offset;
  }

  /** Where the additional data begins, and with it what GHASH takes. */
  @inline
  hashed(): usize {
    return this.at(64);
  }

  @inline
  text(): usize {
    return this.hashed() + (this.aad + 15 & ~15);
  }

  @inline
  tag(): usize {
    return this.text() + this.length;
  }

  @inline
  next(): Record {
    return changetype<Record>(this.at(this.size));
  }
}

/** Zeroes the memory that keystream is added to, and the padding that GHASH reads after the additional data. */
@inline
function prepare(record: Record): void {
  v128.store(record.at(16), i64x2.splat(0));
  v128.store(record.at(32), i64x2.splat(0));
  for (let i = record.hashed() + record.aad; i & 15; ++i) store<u8>(i, 0);
}

/** Adds each block of a batch of keystream to its place. */
function deliver<C extends BlockCipher>(cipher: C, count: u32): void {
  encryptKeystream<C>(cipher, count);
  for (let lane: u32 = 0; lane < count; ++lane) {
    const to = <usize>load<u32>(LANES + 4 * lane);
    v128.store(to, v128.xor(v128.load(to), v128.load(BATCH + 16 * lane)));
  }
}

/** Encrypts or decrypts all texts and makes all masks. The rest of a text's last block becomes garbage. */
function addKeystreams<C extends BlockCipher>(cipher: C, first: usize, count: u32): void {
  const lanes = cipher.lanes();
  let used: u32 = 0;
  let record = changetype<Record>(first);
  for (let i: u32 = 0; i < count; ++i, record = record.next()) {
    const counterBlock = v128.load(record.at(0));
    const blocks = record.length + 15 >> 4;
    let to = record.at(16);
    for (let block: u32 = 0; block <= blocks; ++block) {
      v128.store(BATCH + 16 * used, i32x4.replace_lane(counterBlock, 3, bswap<u32>(1 + block)));
      store<u32>(LANES + 4 * used, <u32>to);
      to = record.text() + 16 * block;
      if (++used == lanes) {
        deliver<C>(cipher, lanes);
        used = 0;
      }
    }
  }
  if (used > 0) deliver<C>(cipher, used);
  wipeBlocks(LANES, 4 * lanes);
  wipeBatch<C>(cipher, lanes);
}

/** Hashes one message and adds the hash to its mask, which makes the tag. Up to 31 bytes behind the text are overwritten. */
function makeTag<C extends BlockCipher>(cipher: C, record: Record): void {
  let end = record.tag();
  for (; end & 15; ++end) store<u8>(end, 0);
  v128.store(end, bitLengths(record.aad, record.length));
  hashKeyOf<C>(cipher).hash(record.at(32), record.hashed(), end + 16 - record.hashed());
  v128.store(record.at(16), v128.xor(v128.load(record.at(16)), v128.load(record.at(32))));
}

/** Moves `length` bytes down to `to`, which may overlap them, and up to 15 more; returns where the `length` end. */
@inline
function pack(to: usize, from: usize, length: usize): usize {
  for (let i: usize = 0; i < length; i += 16) v128.store(to + i, v128.load(from + i));
  return to + length;
}

/** Seals the `count` messages from `first` on; tags of `tag` bytes. */
export function gcmSealMany<C extends BlockCipher>(cipher: C, first: usize, count: u32, tag: u32): void {
  let record = changetype<Record>(first), to = first;
  for (let i: u32 = 0; i < count; ++i, record = record.next()) prepare(record);
  addKeystreams<C>(cipher, first, count);
  record = changetype<Record>(first);
  for (let i: u32 = 0; i < count; ++i) {
    makeTag<C>(cipher, record);
    v128.store(record.tag(), v128.load(record.at(16)));
    const next = record.next();
    to = pack(to, record.text(), record.length + tag);
    record = next;
  }
  wipeBlocks(NIBBLES, NIBBLES_SIZE);
}

/** Opens the `count` messages from `first` on: byte i of VERDICTS becomes 1 if message i is authentic; else its plaintext is
 * zeros. */
export function gcmOpenMany<C extends BlockCipher>(cipher: C, first: usize, count: u32, tag: u32): void {
  let record = changetype<Record>(first);
  for (let i: u32 = 0; i < count; ++i, record = record.next()) {
    prepare(record);
    // The received tag is kept beyond the memory that hashing and decrypting overwrite.
    const expected = v128.load(record.tag());
    makeTag<C>(cipher, record);
    v128.store(record.at(record.size - 16), expected);
  }
  addKeystreams<C>(cipher, first, count);
  record = changetype<Record>(first);
  let to = first;
  for (let i: u32 = 0; i < count; ++i) {
    const authentic = equalTags(record.at(16), record.at(record.size - 16), tag);
    store<u8>(VERDICTS + i, authentic);
    if (!authentic) memory.fill(record.text(), 0, record.length);
    const next = record.next();
    to = pack(to, record.text(), record.length);
    record = next;
  }
  wipeBlocks(NIBBLES, NIBBLES_SIZE);
}
