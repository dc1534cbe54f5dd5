/**
 * What a mode needs of a block cipher that only encrypts. An object of a subclass is an overlay on a key slot: `changetype<Aes>(slot)`.
 * Modes are generic over the final subclass, so that every call is direct and most are inlined.
 *
 * Batches read blocks at `from`, add those at `add` to the result and write it to `to`, from the last block to the first:
 * `to` may be `from`, and `add` may be either or one block before it, which is CBC.
 */
@unmanaged
export abstract class Encryption {
  /** Blocks in a full batch of the bit-sliced path, a power of two. */
  abstract lanes(): u32;
  /** Blocks that the bit-sliced path encrypts in the time of one, a power of two. A batch has several such groups. */
  abstract group(): u32;
  /** Bytes that the expanded key takes at the start of its slot, a multiple of 16. */
  abstract size(): usize;
  /** Encrypts `count` ≤ `lanes()` blocks, and the memory after them up to the next multiple of `group()`. */
  abstract encryptBatch(from: usize, to: usize, add: usize, count: u32): void;
  /** Encrypts `count` blocks at `blocks` in place by vector permutation, and perhaps the memory after them up to the next
   * multiple of four. It needs no full batch, so short inputs use it. */
  abstract encryptFew(blocks: usize, count: u32): void;
  /** CBC: encrypts `length` bytes at `data` in place, a multiple of 16. Adds the previous ciphertext to each block first, and the
   * block at `chain`, which is only read, to the first. */
  abstract encryptChain(chain: usize, data: usize, length: u32): void;
  /** The largest number of blocks for which `encryptFew` is faster than `encryptBatch`. */
  abstract few(): u32;
  /** The largest number of blocks behind whole groups for which `encryptFew` is faster than another group. */
  abstract over(): u32;
}
