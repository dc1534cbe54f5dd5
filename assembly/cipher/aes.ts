// AES-128, AES-192 and AES-256 (FIPS 197) over an expanded key:
//
//   offset 0      rounds, 4 bytes (10, 12 or 14), then 12 unused
//   offset 16     15 round keys of 16 bytes for the vector-permute path (aes-vector-permute.ts)
//   offset 256    15 round keys of 8 planes for the bit-sliced path (aes-bitslice.ts)
//
// Long messages go by rows (aes-rows.ts), with round keys that are made from those planes for each call.
import { Single } from "../lanes";
import { COUNTER_CACHE_SIZE, COUNTER_TABLE, PLANES, ROW_KEYS, WIDE, wipeBlocks } from "../memory";
import { BlockCipher } from "./block-cipher";
import { decryptPlanes, encryptPlanes, pack } from "./aes-bitslice";
import { encryptChain } from "./aes-chain";
import { packRows, ROW_BATCH, wipeRowKeys } from "./aes-rows";
import { loadCounterRows, makeCounterRests, makeCounterTable, spreadCounterRest } from "./aes-rows-counter";
import { decryptRows, makeInverseRowKeys } from "./aes-rows-decrypt";
import { encryptRows, makeRowKeys } from "./aes-rows-encrypt";
import { encryptBlocks } from "./aes-vector-permute";
import { addPairedCounters, decryptRowPair, encryptRowPair, makePairedTable, pairRowKeys, spreadPairedRest, wipeRowPairs } from "./aes-pairs";
import { AES_BULK, AES_BULK_FROM, AES_FEW, AES_GROUP, AES_LANES, AES_OVER, AES_PLANE_KEYS, AES_SERIAL_KEYS, AES_SIZE } from "./shapes";

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
  over(): u32 {
    return AES_OVER;
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

  @inline
  bulk(): u32 {
    return AES_BULK;
  }

  @inline
  bulkFrom(): u32 {
    return AES_BULK_FROM;
  }

  beginEncryption(): void {
    makeRowKeys(this.planeKeys(), this.rounds);
    if (WIDE) pairRowKeys(this.rounds);
  }

  beginDecryption(): void {
    makeInverseRowKeys(this.planeKeys(), this.rounds);
    if (WIDE) pairRowKeys(this.rounds);
  }

  encryptBulk(from: usize, to: usize, add: usize): void {
    if (WIDE) return encryptRowPair(this.rounds, from, to, add);
    packRows<Single>(from, PLANES, ROW_KEYS);
    packRows<Single>(from + ROW_BATCH, PLANES + ROW_BATCH, ROW_KEYS);
    encryptRows<Single>(ROW_KEYS + ROW_BATCH, this.rounds, 2, to, add);
  }

  decryptBulk(from: usize, to: usize, add: usize): void {
    if (WIDE) return decryptRowPair(this.rounds, from, to, add);
    const key = ROW_KEYS + ROW_BATCH * this.rounds;
    packRows<Single>(from, PLANES, key);
    packRows<Single>(from + ROW_BATCH, PLANES + ROW_BATCH, key);
    decryptRows<Single>(this.rounds, 2, to, add);
  }

  endBulk(): void {
    wipeRowKeys();
    if (WIDE) wipeRowPairs();
    wipeBlocks(PLANES, 2 * ROW_BATCH);
  }

  counterBegin(block: usize): void {
    this.beginEncryption();
    if (WIDE) makePairedTable(block);
    else makeCounterTable(block);
  }

  counterSpan(block: usize, index: u32): void {
    if (WIDE) return spreadPairedRest(block, index);
    if ((index & 31) == 0) makeCounterRests(block);
    spreadCounterRest(index & 31);
  }

  @inline
  counterBatch(low: u32, data: usize): void {
    if (WIDE) return addPairedCounters(this.rounds, low, data);
    loadCounterRows(low);
    encryptRows<Single>(ROW_KEYS + 3 * ROW_BATCH, this.rounds - 2, 2, data, data);
  }

  counterEnd(): void {
    wipeBlocks(COUNTER_TABLE, COUNTER_CACHE_SIZE);
    this.endBulk();
  }
}
