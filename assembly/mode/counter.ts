// The keystream of CTR and GCM: blocks that count in their last four bytes, big-endian, modulo 2^32 (inc32, SP 800-38D §6.2).
import { BATCH, PLANES, wipeBlocks, ZEROS } from "../memory";
import { BlockCipher } from "../cipher/block-cipher";
import { Encryption } from "../cipher/encryption";
import { xorBytes } from "./bytes";

/** The length from which preparing a cipher's own counter batches pays off. */
export const PREPARED_TEXT: u32 = 16 * 512;

@inline
export function counterOf(block: usize): u32 {
  return bswap<u32>(load<u32>(block, 12));
}

@inline
export function setCounter(block: usize, counter: u32): void {
  store<u32>(block, bswap<u32>(counter), 12);
}

/** `count` counter blocks from the one at `block` on, to BATCH. */
@inline
export function writeCounters(block: usize, count: u32): void {
  const first = v128.load(block);
  const counter = counterOf(block);
  for (let i: u32 = 0; i < count; ++i) {
    v128.store(BATCH + 16 * i, i32x4.replace_lane(first, 3, bswap<u32>(counter + i)));
  }
}

/** Encrypts the first `count` blocks of BATCH in place, and perhaps others there. */
export function encryptKeystream<C extends Encryption>(cipher: C, count: u32): void {
  if (count <= cipher.few()) cipher.encryptFew(BATCH, count);
  else cipher.encryptBatch(BATCH, BATCH, ZEROS, count);
}

/** How many of the next `count` blocks to encrypt together. One or a few last blocks that would need a group of their own are
 * encrypted separately. */
@inline
export function blocksTogether<C extends Encryption>(cipher: C, count: u32): u32 {
  if (count >= cipher.lanes()) return cipher.lanes();
  if (count <= cipher.few()) return count;
  const over = count & cipher.group() - 1;
  return over < count && over <= cipher.over() ? count - over : count;
}

/** Wipes BATCH and the planes after `count` blocks were encrypted through them, a batch or a few at a time. */
@inline
export function wipeBatch<C extends Encryption>(cipher: C, count: u32): void {
  const group = cipher.group(), used = 16 * min<u32>(count + group - 1 & ~(group - 1), cipher.lanes());
  wipeBlocks(BATCH, used);
  if (count > cipher.few()) wipeBlocks(PLANES, used);
}

/** Adds the keystream from `block` on to `length` bytes of `data`, at most one batch, and moves `block` past it. */
function addBatch<C extends Encryption>(cipher: C, block: usize, data: usize, length: u32): void {
  const blocks = length + 15 >> 4;
  writeCounters(block, blocks);
  if (length == 16 * cipher.lanes()) {
    cipher.encryptBatch(BATCH, data, data, blocks);
  } else {
    encryptKeystream<C>(cipher, blocks);
    xorBytes(data, BATCH, length);
  }
  setCounter(block, counterOf(block) + blocks);
}

/** Whole batches of counter blocks, without a table: returns the bytes done. */
function addBulk<C extends BlockCipher>(cipher: C, block: usize, data: usize, length: u32): u32 {
  const bulk = cipher.bulk(), bytes = 16 * bulk;
  let done: u32 = 0;
  cipher.beginEncryption();
  for (; done + bytes <= length; done += bytes) {
    writeCounters(block, bulk);
    cipher.encryptBulk(BATCH, data + done, data + done);
    setCounter(block, counterOf(block) + bulk);
  }
  cipher.endBulk();
  wipeBlocks(BATCH, bytes);
  return done;
}

/** Whole batches with the cipher's own counters; `block` holds a multiple of the batch. Returns the bytes done. */
function addPrepared<C extends BlockCipher>(cipher: C, block: usize, data: usize, length: u32): u32 {
  const bulk = cipher.bulk(), bytes = 16 * bulk;
  let counter = counterOf(block), done: u32 = 0, spans: u32 = 0;
  cipher.counterBegin(block);
  cipher.counterSpan(block, 0);
  for (; done + bytes <= length; done += bytes, counter += bulk) {
    if (done > 0 && (counter & 255) == 0) {
      setCounter(block, counter);
      cipher.counterSpan(block, ++spans);
    }
    cipher.counterBatch(counter & 255, data + done);
  }
  cipher.counterEnd();
  setCounter(block, counter);
  return done;
}

/** Adds the keystream to `length` bytes of `data` in batches of `lanes()`, and perhaps a few blocks. */
function addBatches<C extends Encryption>(cipher: C, block: usize, data: usize, length: u32): void {
  for (let done: u32 = 0; done < length; ) {
    const part = min<u32>(length - done, 16 * blocksTogether<C>(cipher, length - done + 15 >> 4));
    addBatch<C>(cipher, block, data + done, part);
    done += part;
  }
}

/**
 * Adds the keystream from the counter block at `block` on to `length` bytes of `data`, and leaves in `block` the counter
 * after the last one used. Where the counter is secret (GCM with a nonce that is not 96 bits) nothing may depend on it:
 * `isPublic` says whether it may be aligned and looked up.
 */
export function addKeystream<C extends BlockCipher>(cipher: C, block: usize, data: usize, length: u32, isPublic: bool): void {
  let done: u32 = 0;
  if (isPublic && length >= PREPARED_TEXT) {
    done = 16 * (0 - counterOf(block) & cipher.bulk() - 1);
    addBatches<C>(cipher, block, data, done);
    done += addPrepared<C>(cipher, block, data + done, length - done);
  } else if (length >= 16 * cipher.bulkFrom()) {
    done = addBulk<C>(cipher, block, data, length);
  }
  addBatches<C>(cipher, block, data + done, length - done);
  wipeBatch<C>(cipher, length + 15 >> 4);
}
