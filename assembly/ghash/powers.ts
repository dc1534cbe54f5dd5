import { SETUP, wipeBlocks } from "../memory";
import { POWERS, TABLES_SIZE } from "./shape";
import { absorb } from "./swizzle";
import { makeTables } from "./tables";

/** From the 16 bytes of H at `h`, whose tables stand at `tables`: the tables of H^2 … H^4 behind them. */
export function makePowerTables(tables: usize, h: usize): void {
  const power = SETUP + 256;
  v128.store(power, v128.load(h));
  for (let n: usize = 1; n < POWERS; ++n) {
    v128.store(SETUP + 272, i64x2.splat(0));
    absorb(tables, 1, SETUP + 272, power, 1);
    v128.store(power, v128.load(SETUP + 272));
    makeTables(tables + TABLES_SIZE * n, power);
  }
  wipeBlocks(power, 32);
}
