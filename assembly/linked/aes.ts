// AES as the module of its further modes sees it: the same key slots, and calls of what aes.ts exports. The chain is its own, so that
// GCM does not carry one.
import { encryptChain } from "../cipher/aes-chain";
import { Encryption } from "../cipher/encryption";
import { AES_FEW, AES_GROUP, AES_LANES, AES_OVER, AES_ROUNDS, AES_SERIAL_KEYS, AES_SIZE } from "../cipher/shapes";

@external("aes", "aesEncryptBatch")
declare function encryptBatch(slot: usize, from: usize, to: usize, add: usize, count: u32): void;
@external("aes", "aesEncryptFew")
declare function encryptFew(slot: usize, blocks: usize, count: u32): void;
@external("aes", "aesCtr")
declare function addCounter(slot: usize, block: usize, data: usize, length: u32): void;

@unmanaged
@final
export class LinkedAes extends Encryption {
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
  encryptBatch(from: usize, to: usize, add: usize, count: u32): void {
    encryptBatch(changetype<usize>(this), from, to, add, count);
  }

  @inline
  encryptFew(blocks: usize, count: u32): void {
    encryptFew(changetype<usize>(this), blocks, count);
  }

  @inline
  encryptChain(chain: usize, data: usize, length: u32): void {
    encryptChain(this.serialKeys(), this.rounds(), chain, data, length);
  }

  @inline
  rounds(): u32 {
    return load<u32>(changetype<usize>(this), AES_ROUNDS);
  }

  /** The round keys for vector permutation (cipher/aes-vector-permute.ts). */
  @inline
  serialKeys(): usize {
    return changetype<usize>(this) + AES_SERIAL_KEYS;
  }

  /** CTR: `ctr` of mode/ctr.ts. */
  @inline
  addCounter(block: usize, data: usize, length: u32): void {
    addCounter(changetype<usize>(this), block, data, length);
  }
}
