// SM4 (GB/T 32907-2016) over an expanded key:
//
//   offset 0      32 round keys of 16 bytes for the vector-permute path (sm4-vector-permute.ts)
//   offset 512    32 round keys of 8 planes for the bit-sliced path (sm4-bitslice.ts)
import { Single } from "../lanes";
import { COUNTER_TABLE, PLANES, WIDE, wipeBlocks } from "../memory";
import { BlockCipher } from "./block-cipher";
import { beginCounter, loadCounterPlanes, setCounterUpper } from "./sm4-counter-planes";
import { pack, rounds } from "./sm4-bitslice";
import { addPairedCounters, decryptPlanePairs, encryptPlanePairs, pairPlaneKeys, wipePlanePairs } from "./sm4-pairs";
import { SM4_FEW, SM4_GROUP, SM4_LANES, SM4_OVER, SM4_PLANE_KEYS, SM4_SIZE } from "./shapes";
import { encryptChain } from "./sm4-chain";
import { encryptBlocks } from "./sm4-vector-permute";

export const PLANE_KEYS: usize = SM4_PLANE_KEYS;

@unmanaged
@final
export class Sm4 extends BlockCipher {
  @inline
  lanes(): u32 {
    return SM4_LANES;
  }

  @inline
  group(): u32 {
    return SM4_GROUP;
  }

  @inline
  size(): usize {
    return SM4_SIZE;
  }

  @inline
  few(): u32 {
    return SM4_FEW;
  }

  @inline
  over(): u32 {
    return SM4_OVER;
  }

  @inline
  planeKeys(): usize {
    return changetype<usize>(this) + PLANE_KEYS;
  }

  encryptBatch(from: usize, to: usize, add: usize, count: u32): void {
    this.work(this.planeKeys(), 128, from, to, add, count);
  }

  /** The same rounds with the round keys from the last back (GB/T 32907-2016 §7.2). */
  decryptBatch(from: usize, to: usize, add: usize, count: u32): void {
    this.work(this.planeKeys() + 31 * 128, -128, from, to, add, count);
  }

  private work(key: usize, step: isize, from: usize, to: usize, add: usize, count: u32): void {
    const groups = count + 31 >> 5;
    for (let i: usize = 0; i < 512 * groups; i += 512) pack<Single>(from + i, PLANES + i);
    rounds<Single>(key, step, groups, to, add);
  }

  encryptFew(blocks: usize, count: u32): void {
    encryptBlocks(changetype<usize>(this), blocks, count);
  }

  encryptChain(chain: usize, data: usize, length: u32): void {
    encryptChain(changetype<usize>(this), chain, data, length);
  }

  @inline
  bulk(): u32 {
    return SM4_LANES;
  }

  @inline
  bulkFrom(): u32 {
    return SM4_LANES;
  }

  @inline
  beginEncryption(): void {
    if (WIDE) pairPlaneKeys(this.planeKeys());
  }

  @inline
  beginDecryption(): void {
    if (WIDE) pairPlaneKeys(this.planeKeys());
  }

  @inline
  encryptBulk(from: usize, to: usize, add: usize): void {
    if (WIDE) return encryptPlanePairs(from, to, add);
    this.encryptBatch(from, to, add, SM4_LANES);
  }

  @inline
  decryptBulk(from: usize, to: usize, add: usize): void {
    if (WIDE) return decryptPlanePairs(from, to, add);
    this.decryptBatch(from, to, add, SM4_LANES);
  }

  @inline
  endBulk(): void {
    if (WIDE) wipePlanePairs();
  }

  counterBegin(block: usize): void {
    this.beginEncryption();
    beginCounter(block);
  }

  counterSpan(block: usize, _index: u32): void {
    setCounterUpper(block);
  }

  @inline
  counterBatch(low: u32, data: usize): void {
    if (WIDE) return addPairedCounters(low, data);
    loadCounterPlanes(low);
    rounds<Single>(this.planeKeys(), 128, 4, data, data);
  }

  counterEnd(): void {
    this.endBulk();
    wipeBlocks(COUNTER_TABLE, 512);
    wipeBlocks(PLANES, 2048);
  }
}
