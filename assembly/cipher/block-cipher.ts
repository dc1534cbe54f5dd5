import { Encryption } from "./encryption";

/** The interface between the modes of a cipher's own module and the cipher. */
@unmanaged
export abstract class BlockCipher extends Encryption {
  /** Decrypts as `encryptBatch` encrypts. */
  abstract decryptBatch(from: usize, to: usize, add: usize, count: u32): void;
  /** Blocks that `encryptBulk` and `decryptBulk` take at a time: a multiple of `lanes()`. */
  abstract bulk(): u32;
  /** The least number of blocks for which `beginEncryption` or `beginDecryption` pays off. */
  abstract bulkFrom(): u32;
  /** Prepares `encryptBulk`. */
  abstract beginEncryption(): void;
  /** Prepares `decryptBulk`. */
  abstract beginDecryption(): void;
  /** Encrypts `bulk()` blocks as `encryptBatch` does. */
  abstract encryptBulk(from: usize, to: usize, add: usize): void;
  abstract decryptBulk(from: usize, to: usize, add: usize): void;
  /** Wipes what these left behind. */
  abstract endBulk(): void;
  /** Prepares `counterBatch` calls whose counter blocks share their first 12 bytes with the one at `block`. */
  abstract counterBegin(block: usize): void;
  /** Call this before the first `counterBatch` and whenever the counter's upper 24 bits have changed, which is for the `index`-th
   * time since `counterBegin`. `block` holds the first counter block with them. */
  abstract counterSpan(block: usize, index: u32): void;
  /** Adds the keystream of `bulk()` counters to `data`, from the counter whose low byte is `low`, a multiple of
   * `bulk()`. */
  abstract counterBatch(low: u32, data: usize): void;
  /** Wipes what `counterBegin`, `counterSpan` and `counterBatch` left behind. */
  abstract counterEnd(): void;
}
