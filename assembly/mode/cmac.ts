// CMAC (SP 800-38B §6, RFC 4493) and the CBC-MAC in it. The subkeys K1 and K2 are two blocks at `subkeys`.
import { Encryption } from "../cipher/encryption";
import { wipeBlocks } from "../memory";

/** Bytes of the two subkeys. */
export const SUBKEYS_SIZE: usize = 32;

/** Multiplies the block at `from` by x in GF(2^128), whose first bit is the highest power (SP 800-38B §6.1), to `to`. */
export function double(from: usize, to: usize): void {
  const high = bswap<u64>(load<u64>(from)), low = bswap<u64>(load<u64>(from, 8));
  store<u64>(to, bswap<u64>(high << 1 | low >> 63));
  store<u64>(to, bswap<u64>(low << 1 ^ (0 - (high >> 63) & 0x87)), 8);
}

/** Makes the subkeys of an expanded key (SP 800-38B §6.1). */
export function makeSubkeys<C extends Encryption>(cipher: C, subkeys: usize): void {
  wipeBlocks(subkeys, SUBKEYS_SIZE);
  cipher.encryptChain(subkeys, subkeys, 16);
  double(subkeys, subkeys);
  double(subkeys, subkeys + 16);
}

/** CBC-MAC: adds every block at `data` to the block at `state`, which is encrypted each time. `length` is a multiple of 16.
 * Overwrites the data. */
export function absorb<C extends Encryption>(cipher: C, state: usize, data: usize, length: u32): void {
  if (length == 0) return;
  cipher.encryptChain(state, data, length);
  v128.store(state, v128.load(data + length - 16));
}

/**
 * Ends a message with its last `length` bytes at `data` (SP 800-38B §6.2): the tag replaces the block at `state`. These bytes hold
 * the last block, so there are none only if the message is empty. Overwrites them and up to 16 bytes after them.
 */
export function finishCmac<C extends Encryption>(cipher: C, subkeys: usize, state: usize, data: usize, length: u32): void {
  const rest = length & 15, isPadded = length == 0 || rest > 0;
  if (isPadded) {
    memory.fill(data + length, 0, 16 - rest);
    store<u8>(data + length, 0x80);
    length += 16 - rest;
  }
  const last = data + length - 16;
  v128.store(last, v128.xor(v128.load(last), v128.load(isPadded ? subkeys + 16 : subkeys)));
  absorb<C>(cipher, state, data, length);
}
