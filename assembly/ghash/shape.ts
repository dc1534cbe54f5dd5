/** Bytes of the tables of one power (tables.ts). */
export const TABLES_SIZE: usize = 512;

/** The most blocks that share one reduction. A key that hashes enough gets tables for this many powers of H. */
export const POWERS: u32 = 4;

/** Bytes of a hash key with all its tables (key.ts). */
export const GHASH_KEY_SIZE: usize = 32 + <usize>POWERS * TABLES_SIZE;
