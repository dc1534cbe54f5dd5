// GHASH of the engine's first module as the second sees it (ghash/key.ts).

/** Makes the hash key at `key` from the 16 bytes of H at `h`. */
@external("env", "ghashExpand")
export declare function expandHashKey(key: usize, h: usize): void;

/** Hashes `length` bytes at `data` onto the 16 bytes at `state`, with zeros to a multiple of 16, which are written behind them. */
@external("env", "ghash")
export declare function hash(key: usize, state: usize, data: usize, length: u32): void;
