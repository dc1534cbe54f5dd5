// CCM (SP 800-38C, RFC 3610): CBC-MAC over the lengths, the nonce, the additional data and the plaintext, then CTR. A run holds one
// message's state:
//
//     offset 0      the CBC-MAC state
//     offset 16     the next counter block
//     offset 32     E(A0), which masks the tag
//     offset 48     bytes of additional data and of text that are still to come, 8 bytes each
//     offset 64     the bytes of the present block that were added to the state, 4 bytes
//     offset 80     the tag
import { Encryption } from "../cipher/encryption";
import { equalTags } from "../equal";
import { BATCH, BATCH_SIZE, NONCE, wipeBlocks } from "../memory";
import { absorbCopy } from "./cbc-mac";
import { xorBytes } from "./bytes";

const COUNTER: usize = 16, MASK: usize = 32, AAD_LEFT: usize = 48, TEXT_LEFT: usize = 56, ADDED: usize = 64, TAG: usize = 80;

export const CCM_STATE_SIZE: u32 = 96;

/** Encrypts the CBC-MAC state, whose block is complete, with zeros at the end if bytes are missing. */
function endBlock<C extends Encryption>(cipher: C, run: usize): void {
  v128.store(BATCH, v128.load(run));
  cipher.encryptFew(BATCH, 1);
  v128.store(run, v128.load(BATCH));
  store<u32>(run, 0, ADDED);
}

/** Adds `length` bytes to the CBC-MAC. */
function add<C extends Encryption>(cipher: C, run: usize, data: usize, length: u32): void {
  const added = load<u32>(run, ADDED);
  if (added > 0) {
    const part = min<u32>(16 - added, length);
    xorBytes(run + added, data, part);
    store<u32>(run, added + part, ADDED);
    if (added + part < 16) return;
    endBlock<C>(cipher, run);
    data += part;
    length -= part;
  }
  const whole = length & ~15;
  absorbCopy<C>(cipher, run, data, whole);
  xorBytes(run, data + whole, length - whole);
  store<u32>(run, length - whole, ADDED);
}

/** The same for additional data or text, padded with zeros at its end. `left` is where the run counts what is still to come. */
function addCounted<C extends Encryption>(cipher: C, run: usize, left: usize, data: usize, length: u32): void {
  add<C>(cipher, run, data, length);
  const rest = load<u64>(run + left) - length;
  store<u64>(run + left, rest);
  if (rest == 0 && load<u32>(run, ADDED) > 0) endBlock<C>(cipher, run);
}

@inline
function wipeAdded(length: u32): void {
  wipeBlocks(BATCH, max<u32>(64, min<u32>(length + 15 & ~15, <u32>BATCH_SIZE)));
}

/** The block of flags and nonce at `block` (SP 800-38C §A.2.1, §A.3), and `value` in its last `15 - nonce` bytes. */
function formatBlock(block: usize, flags: u32, nonce: u32, value: u64): void {
  store<u64>(block, 0);
  store<u64>(block, bswap<u64>(value), 8);
  store<u8>(block, <u8>flags);
  memory.copy(block + 1, NONCE, nonce);
}

/** The length of additional data as it is authenticated (SP 800-38C §A.2.2), into the CBC-MAC state. */
function addLengthOfAad(run: usize, length: u64): void {
  let at: u32 = 0;
  if (length >= 0xff00) {
    const isLong = length > 0xffffffff;
    store<u16>(BATCH, isLong ? 0xffff : 0xfeff);
    at = isLong ? 8 : 4;
  }
  const width: u32 = at == 0 ? 2 : at, from: u32 = at == 0 ? 0 : 2;
  for (let i: u32 = 0; i < width; ++i) store<u8>(BATCH + from + i, <u8>(length >> 8 * (width - 1 - i)));
  xorBytes(run, BATCH, from + width);
  store<u32>(run, from + width, ADDED);
}

/** Begins a message of `aad` and `text` bytes with the nonce of `nonce` bytes at NONCE, which is wiped; its tag has `tag` bytes. */
export function ccmStart<C extends Encryption>(cipher: C, run: usize, nonce: u32, tag: u32, aad: u64, text: u64): void {
  const counterLength: u32 = 15 - nonce;
  wipeBlocks(run, CCM_STATE_SIZE);
  formatBlock(BATCH, (aad > 0 ? 64 : 0) + (tag - 2 >> 1 << 3) + counterLength - 1, nonce, text);
  formatBlock(BATCH + 16, counterLength - 1, nonce, 0);
  v128.store(run, v128.load(BATCH, 16), COUNTER);
  store<u8>(run + COUNTER, 1, 15);
  cipher.encryptFew(BATCH, 2);
  v128.store(run, v128.load(BATCH));
  v128.store(run, v128.load(BATCH, 16), MASK);
  store<u64>(run, aad, AAD_LEFT);
  store<u64>(run, text, TEXT_LEFT);
  if (aad > 0) addLengthOfAad(run, aad);
  wipeBlocks(BATCH, 64);
  wipeBlocks(NONCE, 16);
}

/** Authenticates one part of the additional data. */
export function ccmAad<C extends Encryption>(cipher: C, run: usize, data: usize, length: u32): void {
  addCounted<C>(cipher, run, AAD_LEFT, data, length);
  wipeAdded(length);
}

/** Authenticates one part of the plaintext. */
export function ccmText<C extends Encryption>(cipher: C, run: usize, data: usize, length: u32): void {
  addCounted<C>(cipher, run, TEXT_LEFT, data, length);
  wipeAdded(length);
}

@inline
export function ccmCounter(run: usize): usize {
  return run + COUNTER;
}

/** Once all plaintext is authenticated: the tag's 16 bytes to `tag`. */
export function ccmTag(run: usize, tag: usize): void {
  v128.store(tag, v128.xor(v128.load(run), v128.load(run, MASK)));
}

/** Once all plaintext is authenticated: whether the first `length` bytes of the tag are those at `tag`. */
export function ccmVerify(run: usize, tag: usize, length: u32): u32 {
  ccmTag(run, run + TAG);
  return equalTags(run + TAG, tag, length);
}
