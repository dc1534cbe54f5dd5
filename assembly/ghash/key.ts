import { makePowerTables } from "./powers";
import { POWERS } from "./shape";
import { absorb } from "./swizzle";
import { makeTables } from "./tables";

/** Making the tables of the powers takes as long as hashing about this many blocks one by one. */
const POWERS_FROM: u32 = 12;

/**
 * The hash key of a GCM key slot: H, how many of its powers have tables, how many blocks were hashed while it was only one,
 * and the tables of H^1 … H^4. A key that hashes little never pays for more than the first.
 */
@unmanaged
@final
export class HashKey {
  h0: u64;
  h1: u64;
  powers: u32;
  hashed: u32;

  @inline
  tables(): usize {
    return changetype<usize>(this) + 32;
  }

  /** Hashes `length` bytes at `data`, with zeros to a multiple of 16: up to 15 bytes behind them are overwritten. */
  hash(state: usize, data: usize, length: usize): void {
    const blocks = <u32>(length + 15 >> 4);
    if (blocks == 0) return;
    for (let i = length; i & 15; ++i) store<u8>(data + i, 0);
    if (this.powers < POWERS) this.countBlocks(blocks);
    absorb(this.tables(), this.powers, state, data, blocks);
  }

  private countBlocks(blocks: u32): void {
    this.hashed += blocks;
    if (this.hashed < POWERS_FROM) return;
    makePowerTables(this.tables(), changetype<usize>(this));
    this.powers = POWERS;
  }
}

/** Makes `key` from the 16 bytes of H at `h`. */
export function makeHashKey(key: HashKey, h: usize): void {
  v128.store(changetype<usize>(key), v128.load(h));
  makeTables(key.tables(), h);
  key.powers = 1;
  key.hashed = 0;
}
