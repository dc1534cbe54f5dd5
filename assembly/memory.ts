// The memory map, each region placed by the end of the one before it. Everything from SLOTS on belongs to key and stream
// slots, which the host places; everything between STATIC_END and SLOTS is scratch, and zero between calls.

/** Constant tables end here. The compiler starts them at 1024 and, as nothing lies below, folds constants added to a pointer
 * into the instruction that uses it. */
const STATIC_END: usize = 4096;

/** Zeros that are never written: a round key, and blocks to add, that change nothing. */
export const ZEROS: usize = STATIC_END;
const ZEROS_SIZE: usize = 128 * 16;

/** Bit planes of one batch: four groups of 8 vectors or two of 32 for AES, four of 32 for SM4. */
export const PLANES: usize = ZEROS + ZEROS_SIZE;
const PLANES_SIZE: usize = 128 * 16;

/** The input and output of the S-box of one SM4 round, for each of four groups. */
export const STAGE: usize = PLANES + PLANES_SIZE;
export const STAGE_SIZE: usize = 4 * 8 * 16;

/** One batch of blocks, for counter blocks that become keystream and for batches that are not full. */
export const BATCH: usize = STAGE + STAGE_SIZE;
export const BATCH_SIZE: usize = 128 * 16;

/** The high and low nibbles of up to 4 blocks that GHASH multiplies together. */
export const NIBBLES: usize = BATCH + BATCH_SIZE;
export const NIBBLES_SIZE: usize = 4 * 32;

/** The contribution of a counter's low byte to the state after two AES rounds, for its 256 values; then the rest of the
 * state for 32 values of the upper bytes, and for the present one. */
export const COUNTER_TABLE: usize = NIBBLES + NIBBLES_SIZE;
export const COUNTER_RESTS: usize = COUNTER_TABLE + 4096;
export const COUNTER_REST: usize = COUNTER_RESTS + 512;
export const COUNTER_CACHE_SIZE: usize = 4096 + 512 + 512;

/** The round keys of AES by rows. */
export const ROW_KEYS: usize = COUNTER_TABLE + COUNTER_CACHE_SIZE;
export const ROW_KEYS_SIZE: usize = 15 * 512;

/** Scratch for key set-up: words of a key schedule, H and its multiples. */
export const SETUP: usize = ROW_KEYS + ROW_KEYS_SIZE;
export const SETUP_SIZE: usize = 512;

/** The state of a GCM message that is sealed or opened in one call. */
export const RUN: usize = SETUP + SETUP_SIZE;
export const RUN_SIZE: usize = 96;

/** Where each block of keystream in a batch of many messages belongs. */
export const LANES: usize = RUN + RUN_SIZE;
const LANES_SIZE: usize = 128 * 4;

/** Whether each of many messages is authentic. */
export const VERDICTS: usize = LANES + LANES_SIZE;
export const VERDICTS_SIZE: usize = 512;

/** A nonce of any length up to this; longer ones are absorbed through IO. CTR's counter block and CBC's chain stand here too. */
export const NONCE: usize = VERDICTS + VERDICTS_SIZE;
export const NONCE_SIZE: usize = 256;

/** Input and output: additional data padded to whole blocks, then the message, then up to two blocks more. The block before
 * it belongs to CBC decryption. */
export const IO: usize = NONCE + NONCE_SIZE + 16;
export const IO_SIZE: usize = 65536;
const IO_END: usize = IO + IO_SIZE + 64;

const COMMON_END: usize = (IO_END + 63) & ~63;

/** Whether this is the wide build, which works on pairs of batches (lanes.ts) and has more scratch. */
export const WIDE: bool = isDefined(LANELOCK_WIDE);

/** The planes of two batches of AES and what its S-boxes keep aside, or of two such pairs for SM4. */
export const PAIR_PLANES: usize = COMMON_END;
const PAIR_PLANES_SIZE: usize = 2048;

/** STAGE of two pairs of batches. */
export const PAIR_STAGE: usize = PAIR_PLANES + PAIR_PLANES_SIZE;
export const PAIR_STAGE_SIZE: usize = STAGE_SIZE;

/** The round keys of AES by rows, or of SM4, twice. */
export const PAIR_KEYS: usize = PAIR_STAGE + PAIR_STAGE_SIZE;
const PAIR_KEYS_SIZE: usize = 2 * ROW_KEYS_SIZE;

/** COUNTER_RESTS for 64 values, and COUNTER_REST twice. */
export const PAIR_RESTS: usize = PAIR_KEYS + PAIR_KEYS_SIZE;
export const PAIR_REST: usize = PAIR_RESTS + 1024;
export const PAIRS_END: usize = PAIR_REST + 1024;

/** The first byte that slots may take. */
export const SLOTS: usize = WIDE ? PAIRS_END : COMMON_END;

/** Zeroes everything that a call can have written but keys and streams. */
export function wipeAllScratch(): void {
  memory.fill(ZEROS, 0, SLOTS - ZEROS);
}

/** Zeroes `size` bytes from `at`; both are multiples of 16. */
export function wipeBlocks(at: usize, size: usize): void {
  const end = at + size;
  for (; at < end; at += 16) v128.store(at, i64x2.splat(0));
}
