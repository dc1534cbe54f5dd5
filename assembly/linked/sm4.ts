// SM4 as the module of its further modes sees it: the same key slots, and calls of what sm4.ts exports.
import { Encryption } from "../cipher/encryption";
import { SM4_FEW, SM4_GROUP, SM4_LANES, SM4_OVER, SM4_SIZE } from "../cipher/shapes";

@external("sm4", "sm4EncryptBatch")
declare function encryptBatch(slot: usize, from: usize, to: usize, add: usize, count: u32): void;
@external("sm4", "sm4EncryptFew")
declare function encryptFew(slot: usize, blocks: usize, count: u32): void;
@external("sm4", "sm4EncryptChain")
declare function encryptChain(slot: usize, chain: usize, data: usize, length: u32): void;
@external("sm4", "sm4Ctr")
declare function addCounter(slot: usize, block: usize, data: usize, length: u32): void;

@unmanaged
@final
export class LinkedSm4 extends Encryption {
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
  encryptBatch(from: usize, to: usize, add: usize, count: u32): void {
    encryptBatch(changetype<usize>(this), from, to, add, count);
  }

  @inline
  encryptFew(blocks: usize, count: u32): void {
    encryptFew(changetype<usize>(this), blocks, count);
  }

  @inline
  encryptChain(chain: usize, data: usize, length: u32): void {
    encryptChain(changetype<usize>(this), chain, data, length);
  }

  /** CTR: `ctr` of mode/ctr.ts. */
  @inline
  addCounter(block: usize, data: usize, length: u32): void {
    addCounter(changetype<usize>(this), block, data, length);
  }
}
