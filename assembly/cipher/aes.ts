// AES-128, AES-192 and AES-256 (FIPS 197) over an expanded key:
//
//   offset 0      rounds, 4 bytes (10, 12 or 14), then 12 unused
//   offset 16     15 round keys of 16 bytes for the vector-permute path (aes-vector-permute.ts)
//   offset 256    15 round keys of 8 planes for the bit-sliced path (aes-bitslice.ts)
import { wipeBlocks, PLANES, COUNTER_TABLE, COUNTER_CACHE_SIZE } from "../memory";
import { BlockCipher } from "./block-cipher";
import { decryptPlanes, encryptPlanes, pack } from "./aes-bitslice";
import { beginCounterTable, loadCounterState, setCounterRest } from "./aes-counter-cache";
import { encryptChain } from "./aes-chain";
import { encryptBlocks } from "./aes-vector-permute";
import { AES_FEW, AES_GROUP, AES_LANES, AES_PLANE_KEYS, AES_SERIAL_KEYS, AES_SIZE } from "./shapes";

export const SERIAL_KEYS: usize = AES_SERIAL_KEYS;
export const PLANE_KEYS: usize = AES_PLANE_KEYS;

@unmanaged
@final
export class Aes extends BlockCipher {
  rounds: u32;

  @inline
  lanes(): u32 {
    return AES_LANES;
  }

  @inline
  group(): u32 {
    return AES_GROUP;
  }

  @inline
  size(): usize {
    return AES_SIZE;
  }

  @inline
  few(): u32 {
    return AES_FEW;
  }

  @inline
  planeKeys(): usize {
    return changetype<usize>(this) + PLANE_KEYS;
  }

  encryptBatch(from: usize, to: usize, add: usize, count: u32): void {
    const groups = count + 7 >> 3;
    for (let i: usize = 0; i < 128 * groups; i += 128) pack(from + i, PLANES + i, this.planeKeys());
    encryptPlanes(this.planeKeys() + 128, this.rounds, groups, to, add);
  }

  decryptBatch(from: usize, to: usize, add: usize, count: u32): void {
    const groups = count + 7 >> 3;
    for (let i: usize = 0; i < 128 * groups; i += 128) pack(from + i, PLANES + i, this.planeKeys() + 128 * this.rounds);
    decryptPlanes(this.planeKeys(), this.rounds, groups, to, add);
  }

  encryptFew(blocks: usize, count: u32): void {
    encryptBlocks(changetype<usize>(this) + SERIAL_KEYS, this.rounds, blocks, count);
  }

  encryptChain(chain: usize, data: usize, length: u32): void {
    encryptChain(changetype<usize>(this) + SERIAL_KEYS, this.rounds, chain, data, length);
  }

  counterBegin(block: usize): void {
    beginCounterTable(this.planeKeys(), block);
  }

  counterSpan(block: usize): void {
    setCounterRest(this.planeKeys(), block);
  }

  @inline
  counterBatch(low: u32, data: usize): void {
    loadCounterState(low);
    encryptPlanes(this.planeKeys() + 3 * 128, this.rounds - 2, 4, data, data);
  }

  counterEnd(): void {
    wipeBlocks(COUNTER_TABLE, COUNTER_CACHE_SIZE);
    wipeBlocks(PLANES, 512);
  }
}
