// GCM (SP 800-38D §7). A key slot holds the cipher, then its hash key; a run holds one message's state:
//
//     slot   offset 0                  the expanded key, `cipher.size()` bytes
//            offset size               H and its tables (ghash/key.ts)
//
//     run    offset 0                  the next counter block
//            offset 16                 E(J0), which masks the tag
//            offset 32                 the GHASH state
//            offset 48                 bytes of additional data, of text, 8 bytes each
//            offset 64                 whether the counter is public, 4 bytes
//            offset 80                 the tag to compare with
import { bitLengths } from "../big-endian";
import { BATCH, NIBBLES, NIBBLES_SIZE, NONCE, RUN, RUN_SIZE, wipeBlocks } from "../memory";
import { BlockCipher } from "../cipher/block-cipher";
import { equalTags } from "../equal";
import { HashKey, makeHashKey } from "../ghash/key";
import { GHASH_KEY_SIZE } from "../ghash/shape";
import { xorBytes } from "./bytes";
import { addKeystream, blocksTogether, counterOf, encryptKeystream, PREPARED_TEXT, setCounter, wipeBatch, writeCounters } from "./counter";

const TAG_MASK: usize = 16, HASH: usize = 32, AAD_LENGTH: usize = 48, TEXT_LENGTH: usize = 56, PUBLIC: usize = 64, EXPECTED: usize = 80;

@inline
export function hashKeyOf<C extends BlockCipher>(cipher: C): HashKey {
  return changetype<HashKey>(changetype<usize>(cipher) + cipher.size());
}

/** Bytes of a key slot. */
@inline
export function gcmSlotSize<C extends BlockCipher>(cipher: C): usize {
  return cipher.size() + GHASH_KEY_SIZE;
}

/** Makes the hash key, once the cipher's part of the slot is expanded. */
export function gcmExpand<C extends BlockCipher>(cipher: C): void {
  wipeBlocks(BATCH, 16);
  cipher.encryptFew(BATCH, 1);
  makeHashKey(hashKeyOf<C>(cipher), BATCH);
  wipeBlocks(BATCH, 128);
}

/** J0 into the run's counter block, from the `length` bytes at NONCE (SP 800-38D §7.1 step 2), which are wiped. */
function setFirstCounter<C extends BlockCipher>(cipher: C, run: usize, length: u32): void {
  wipeBlocks(run, RUN_SIZE);
  if (length == 12) {
    v128.store(run, i32x4.replace_lane(v128.load(NONCE), 3, 0x01000000));
    store<u32>(run, 1, PUBLIC);
  } else {
    hashKeyOf<C>(cipher).hash(run, NONCE, length);
    finishNonce<C>(cipher, run, length);
  }
  wipeBlocks(NONCE, length + 15 & ~15);
}

/** Hashes the length of a nonce that is not 96 bits long, the last step to J0. */
@inline
function finishNonce<C extends BlockCipher>(cipher: C, run: usize, length: u64): void {
  v128.store(BATCH, bitLengths(0, length));
  hashKeyOf<C>(cipher).hash(run, BATCH, 16);
}

/** Encrypts J0 and as many counter blocks as `text` bytes need, one batch at most, to BATCH; returns how many bytes
 * of text this covers. Stores the tag's mask in the run, and advances the counter. */
function firstBatch<C extends BlockCipher>(cipher: C, run: usize, text: u32): u32 {
  const blocks = blocksTogether<C>(cipher, (text + 15 >> 4) + 1) - 1;
  writeCounters(run, blocks + 1);
  encryptKeystream<C>(cipher, blocks + 1);
  v128.store(run, v128.load(BATCH), TAG_MASK);
  setCounter(run, counterOf(run) + blocks + 1);
  return min<u32>(text, 16 * blocks);
}

/** Begins a message with the nonce of `length` bytes at NONCE. */
export function gcmStart<C extends BlockCipher>(cipher: C, run: usize, length: u32): void {
  setFirstCounter<C>(cipher, run, length);
  firstBatch<C>(cipher, run, 0);
  wipeBlocks(BATCH, 128);
  wipeBlocks(NIBBLES, NIBBLES_SIZE);
}

/** Begins a message with a nonce of any length: hashes one part of it, a multiple of 16 bytes unless it is the last. */
export function gcmHashNonce<C extends BlockCipher>(cipher: C, run: usize, data: usize, length: u32): void {
  hashKeyOf<C>(cipher).hash(run, data, length);
  wipeBlocks(NIBBLES, NIBBLES_SIZE);
}

/** After the last part of a nonce of `length` bytes in all. */
export function gcmStartHashed<C extends BlockCipher>(cipher: C, run: usize, length: u64): void {
  finishNonce<C>(cipher, run, length);
  firstBatch<C>(cipher, run, 0);
  wipeBlocks(BATCH, 128);
  wipeBlocks(NIBBLES, NIBBLES_SIZE);
}

/** Hashes one part of the additional data, a multiple of 16 bytes unless it is the last. */
export function gcmAad<C extends BlockCipher>(cipher: C, run: usize, data: usize, length: u32): void {
  store<u64>(run, load<u64>(run, AAD_LENGTH) + length, AAD_LENGTH);
  hashKeyOf<C>(cipher).hash(run + HASH, data, length);
  wipeBlocks(NIBBLES, NIBBLES_SIZE);
}

/** Hashes one part of the ciphertext, a multiple of 16 bytes unless it is the last. */
export function gcmHashText<C extends BlockCipher>(cipher: C, run: usize, data: usize, length: u32): void {
  store<u64>(run, load<u64>(run, TEXT_LENGTH) + length, TEXT_LENGTH);
  hashKeyOf<C>(cipher).hash(run + HASH, data, length);
  wipeBlocks(NIBBLES, NIBBLES_SIZE);
}

/** Encrypts or decrypts one part of the text in place, a multiple of 16 bytes unless it is the last. */
export function gcmKeystream<C extends BlockCipher>(cipher: C, run: usize, data: usize, length: u32): void {
  addKeystream<C>(cipher, run, data, length, load<u32>(run, PUBLIC) == 1);
}

/** The tag, 16 bytes, in place of the hash. Nothing follows in this run. */
function finishTag<C extends BlockCipher>(cipher: C, run: usize): void {
  v128.store(BATCH, bitLengths(load<u64>(run, AAD_LENGTH), load<u64>(run, TEXT_LENGTH)));
  hashKeyOf<C>(cipher).hash(run + HASH, BATCH, 16);
  v128.store(run, v128.xor(v128.load(run, HASH), v128.load(run, TAG_MASK)), HASH);
  wipeBlocks(BATCH, 16);
  wipeBlocks(NIBBLES, NIBBLES_SIZE);
}

/** Ends the run: the tag's 16 bytes to `tag`. */
export function gcmTag<C extends BlockCipher>(cipher: C, run: usize, tag: usize): void {
  finishTag<C>(cipher, run);
  v128.store(tag, v128.load(run, HASH));
}

/** Ends the run: whether the first `length` bytes of the tag are those at `tag`. */
export function gcmVerify<C extends BlockCipher>(cipher: C, run: usize, tag: usize, length: u32): u32 {
  finishTag<C>(cipher, run);
  return equalTags(run + HASH, tag, length);
}

/** Where the text begins that follows `aad` bytes of additional data. */
@inline
function textAfter(data: usize, aad: u32): usize {
  return data + (aad + 15 & ~15);
}

/** Hashes additional data, text and their lengths, which are contiguous at `data`, and makes the tag in the run. Overwrites up
 * to 31 bytes after the text, and zeroes them. */
@inline
function hashMessage<C extends BlockCipher>(cipher: C, data: usize, aad: u32, text: u32): void {
  for (let i = data + aad; i & 15; ++i) store<u8>(i, 0);
  const end = textAfter(data, aad) + text;
  let lengths = end;
  for (; lengths & 15; ++lengths) store<u8>(lengths, 0);
  v128.store(lengths, bitLengths(aad, text));
  hashKeyOf<C>(cipher).hash(RUN + HASH, data, lengths + 16 - data);
  wipeBlocks(lengths, 16);
  v128.store(RUN, v128.xor(v128.load(RUN, HASH), v128.load(RUN, TAG_MASK)), HASH);
}

@inline
function wipeMessage<C extends BlockCipher>(cipher: C, text: u32): void {
  wipeBatch<C>(cipher, (text + 15 >> 4) + 1);
  wipeBlocks(NIBBLES, NIBBLES_SIZE);
  wipeBlocks(RUN, RUN_SIZE);
}

/** Seals a whole message in one call: `data`, a multiple of 16, holds the additional data, zeros to a multiple of 16, the
 * text. The tag's 16 bytes follow the ciphertext. */
export function gcmSeal<C extends BlockCipher>(cipher: C, nonce: u32, data: usize, aad: u32, text: u32): void {
  const at = textAfter(data, aad);
  setFirstCounter<C>(cipher, RUN, nonce);
  const done = firstBatch<C>(cipher, RUN, text < PREPARED_TEXT ? text : 0);
  xorBytes(at, BATCH + 16, done);
  if (done < text) gcmKeystream<C>(cipher, RUN, at + done, text - done);
  hashMessage<C>(cipher, data, aad, text);
  v128.store(at + text, v128.load(RUN, HASH));
  wipeMessage<C>(cipher, text);
}

/** Opens a whole message in one call: as `gcmSeal`, with a tag of `tag` bytes behind the ciphertext. Returns 1, or 0 and
 * leaves the ciphertext as it was if the tag is wrong. */
export function gcmOpen<C extends BlockCipher>(cipher: C, nonce: u32, data: usize, aad: u32, text: u32, tag: u32): u32 {
  const at = textAfter(data, aad);
  setFirstCounter<C>(cipher, RUN, nonce);
  const done = firstBatch<C>(cipher, RUN, text < PREPARED_TEXT ? text : 0);
  v128.store(RUN, v128.load(at + text), EXPECTED);
  hashMessage<C>(cipher, data, aad, text);
  const authentic = equalTags(RUN + HASH, RUN + EXPECTED, tag);
  if (authentic) {
    xorBytes(at, BATCH + 16, done);
    if (done < text) gcmKeystream<C>(cipher, RUN, at + done, text - done);
  }
  wipeMessage<C>(cipher, text);
  return authentic;
}
