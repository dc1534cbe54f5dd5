// GHASH of the module of AES as that of further modes sees it (ghash/key.ts).

/** Makes the hash key at `key` from the 16 bytes of H at `h`. */
@external("aes", "ghashExpand")
export declare function expandHashKey(key: usize, h: usize): void;

/** Hashes `length` bytes at `data` onto the 16 bytes at `state`, with zeros to a multiple of 16, which are written behind them. */
@external("aes", "ghash")
export declare function hash(key: usize, state: usize, data: usize, length: u32): void;
