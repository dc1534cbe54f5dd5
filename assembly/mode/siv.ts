// S2V of AES-SIV (RFC 5297 §2.4), over CMAC. A slot holds two expanded keys, the one of S2V and the one of CTR, then the subkeys of CMAC.
// A run holds one message's state:
//
//     offset 0      D, the sum of the components so far
//     offset 16     the CBC-MAC state of the present component
//     offset 32     V, which is the tag, once it is known
//     offset 48     V without two of its bits, where CTR begins
//
// CTR may depend on its counter (mode/ctr.ts). So the counter comes from V as the sealed message shows it to everybody: `sivReceive`.
import { LinkedAes } from "../linked/aes";
import { equalTags } from "../equal";
import { BATCH, BATCH_SIZE, wipeBlocks } from "../memory";
import { xorBytes } from "./bytes";
import { absorbCopy } from "./cbc-mac";
import { double } from "./cmac";

const MAC: usize = 16, V: usize = 32, COUNTER: usize = 48;

export const SIV_STATE_SIZE: u32 = 64;

@inline
function subkeysOf(key: LinkedAes): usize {
  return changetype<usize>(key) + 2 * key.size();
}

@inline
export function sivSize(): usize {
  return subkeysOf(changetype<LinkedAes>(0)) + 32;
}

/** Makes the subkeys of CMAC, once both keys are expanded. */
export function sivExpand(key: LinkedAes): void {
  const subkeys = subkeysOf(key);
  wipeBlocks(BATCH, 16);
  key.encryptFew(BATCH, 1);
  double(BATCH, subkeys);
  double(subkeys, subkeys + 16);
  wipeBlocks(BATCH, 64);
}

@inline
function wipeAdded(length: u32): void {
  wipeBlocks(BATCH, max<u32>(64, min<u32>(length + 15 & ~15, <u32>BATCH_SIZE)));
}

/** The last 1 … 16 bytes of a component, or none of an empty one, in BATCH with their padding and subkey (SP 800-38B §6.2). */
function lastBlock(key: LinkedAes, data: usize, length: u32): void {
  const isWhole = length == 16;
  wipeBlocks(BATCH, 16);
  memory.copy(BATCH, data, length);
  if (!isWhole) store<u8>(BATCH + length, 0x80);
  xorBytes(BATCH, subkeysOf(key) + (isWhole ? 0 : 16), 16);
}

/** The last block, which is in BATCH, into the CBC-MAC state, which becomes CMAC. */
@inline
function finish(key: LinkedAes, run: usize): void {
  key.encryptChain(run + MAC, BATCH, 16);
  v128.store(run, v128.load(BATCH), MAC);
}

/** How many of `length` bytes come before the last block. */
@inline
function beforeLast(length: u32): u32 {
  return length == 0 ? 0 : length - 1 & ~15;
}

/** Begins a message: D is the CMAC of a block of zeros. */
export function sivStart(key: LinkedAes, run: usize): void {
  wipeBlocks(run, SIV_STATE_SIZE);
  wipeBlocks(run + COUNTER, 16);
  lastBlock(key, run + COUNTER, 16);
  finish(key, run);
  v128.store(run, v128.load(run, MAC));
  v128.store(run, i64x2.splat(0), MAC);
  wipeBlocks(BATCH, 64);
}

/** One part of a component, a multiple of 16 bytes, that is not its last. */
export function sivPart(key: LinkedAes, run: usize, data: usize, length: u32): void {
  absorbCopy<LinkedAes>(key, run + MAC, data, length);
  wipeAdded(length);
}

/** The last part of a component of additional data, which is empty only if the component is. */
export function sivComponent(key: LinkedAes, run: usize, data: usize, length: u32): void {
  const before = beforeLast(length);
  absorbCopy<LinkedAes>(key, run + MAC, data, before);
  lastBlock(key, data + before, length - before);
  finish(key, run);
  double(run, run);
  v128.store(run, v128.xor(v128.load(run), v128.load(run, MAC)));
  v128.store(run, i64x2.splat(0), MAC);
  wipeAdded(length);
}

/**
 * The last part of the plaintext: D is added to its last 16 bytes, or to what padding makes of fewer. V replaces the state. These bytes
 * are fewer than 16 only if all of the plaintext is.
 */
export function sivText(key: LinkedAes, run: usize, data: usize, length: u32): void {
  if (length < 16) {
    double(run, run);
    wipeBlocks(BATCH, 16);
    memory.copy(BATCH, data, length);
    store<u8>(BATCH + length, 0x80);
    xorBytes(BATCH, run, 16);
    xorBytes(BATCH, subkeysOf(key), 16);
  } else {
    addEnd(key, run, data, length);
  }
  finish(key, run);
  v128.store(run, v128.load(run, MAC), V);
  wipeAdded(length);
}

/** All but the last block of at least 16 bytes, with D added to the last 16 of them; that last block to BATCH. */
function addEnd(key: LinkedAes, run: usize, data: usize, length: u32): void {
  const end = data + length - 16, before = beforeLast(length), whole = before == 0 ? 0 : before - 16;
  absorbCopy<LinkedAes>(key, run + MAC, data, whole);
  // The last 16 bytes lie in the last two blocks.
  const kept = v128.load(end);
  v128.store(end, v128.xor(kept, v128.load(run)));
  absorbCopy<LinkedAes>(key, run + MAC, data + whole, before - whole);
  lastBlock(key, data + before, length - before);
  v128.store(end, kept);
}

/** Encrypts or decrypts one part of the text in place, a multiple of 16 bytes unless it is the last. */
export function sivKeystream(key: LinkedAes, run: usize, data: usize, length: u32): void {
  changetype<LinkedAes>(changetype<usize>(key) + key.size()).addCounter(run + COUNTER, data, length);
}

/** V's 16 bytes to `to`. */
export function sivTag(run: usize, to: usize): void {
  v128.store(to, v128.load(run, V));
}

/** Takes V of a sealed message, which is public, for encryption or decryption (§2.5). */
export function sivReceive(run: usize, from: usize): void {
  const mask = i8x16(-1, -1, -1, -1, -1, -1, -1, -1, 0x7f, -1, -1, -1, 0x7f, -1, -1, -1);
  v128.store(run, v128.and(v128.load(from), mask), COUNTER);
}

/** After all components: whether V is the one at `expected`. */
export function sivVerify(run: usize, expected: usize): u32 {
  return equalTags(run + V, expected, 16);
}
