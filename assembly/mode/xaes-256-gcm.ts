// The key derivation of XAES-256-GCM (C2SP): CMAC in counter mode (SP 800-108r1 §4.1) over the first half of a nonce of 24 bytes. The other
// half is the nonce of AES-256-GCM under the derived key. A key's slot holds the expanded key, then the first subkey of CMAC.
import { LinkedAes } from "../linked/aes";
import { expandAes, expandAesGcm } from "../linked/key-set-up";
import { BATCH, NONCE, wipeBlocks } from "../memory";
import { double } from "./cmac";

@inline
function subkeyOf(key: LinkedAes): usize {
  return changetype<usize>(key) + key.size();
}

@inline
export function xaesSize(): usize {
  return subkeyOf(changetype<LinkedAes>(0)) + 16;
}

/** Makes the subkey of an expanded key. */
export function xaesExpand(key: LinkedAes): void {
  wipeBlocks(BATCH, 16);
  key.encryptFew(BATCH, 1);
  double(BATCH, subkeyOf(key));
  wipeBlocks(BATCH, 64);
}

/** The counter of the derivation, 16 bits big-endian, the label X and a zero, as a word in memory order. */
@inline
function prefix(counter: u32): u32 {
  return counter << 8 | 0x58 << 16;
}

/** Begins a message with the nonce of 24 bytes at NONCE: derives its key into the AES-GCM slot at `message`, and leaves the second half
 * of the nonce at NONCE. */
export function xaesStart(key: LinkedAes, message: usize): void {
  const nonce = v128.load(NONCE), half = v128.shuffle<u32>(nonce, nonce, 0, 0, 1, 2), subkey = v128.load(subkeyOf(key));
  v128.store(BATCH, v128.xor(i32x4.replace_lane(half, 0, prefix(1)), subkey));
  v128.store(BATCH, v128.xor(i32x4.replace_lane(half, 0, prefix(2)), subkey), 16);
  key.encryptFew(BATCH, 2);
  expandAes(message, BATCH, 32);
  expandAesGcm(message);
  v128.store(NONCE, i32x4.replace_lane(v128.load(NONCE + 12), 3, 0));
  v128.store(NONCE, i64x2.splat(0), 16);
  wipeBlocks(BATCH, 64);
}
