// AES encryption by rows (aes-rows.ts).
import { mixColumns } from "../circuit/aes-mix-columns";
import { ROW_KEYS } from "../memory";
import { expandPlanes, ROW_BATCH, rotateLanes, unpackRows, unshiftKey } from "./aes-rows";
import { substitute } from "./aes-substitute";

/** Round keys from `planeKeys`, which stand there in eight planes, to ROW_KEYS. */
export function makeRowKeys(planeKeys: usize, rounds: u32): void {
  expandPlanes(planeKeys, ROW_KEYS, rounds + 1);
  unshiftKey(ROW_KEYS + ROW_BATCH * rounds, 3);
}

/** Reads planes through ShiftRows and adds a round key to those it writes. */
@unmanaged
@final
class ShiftedRows {
  @inline
  take(planes: usize, r: i32, k: i32): v128 {
    return rotateLanes(v128.load(planes + 128 * r + 16 * k), r);
  }

  @inline
  put(planes: usize, key: usize, r: i32, k: i32, plane: v128): void {
    v128.store(planes + 128 * r + 16 * k, v128.xor(plane, v128.load(key + 128 * r + 16 * k)));
  }
}

/** ShiftRows, MixColumns, AddRoundKey on the batches of `L` up to `end`. */
export function mixRows<L>(end: usize, key: usize): void {
  for (let planes = changetype<L>(0).planes(); planes < end; planes += ROW_BATCH) mixColumns<ShiftedRows>(planes, key);
}

/** `rounds` rounds (FIPS 197 §5.1) with the round keys from `keys` on, the last without MixColumns, on the `batches` of 32 blocks whose
 * planes stand at those of `L`. The rows don't wait for each other, so the processor overlaps their S-boxes, and with two batches
 * also the last of them with MixColumns. */
export function encryptRows<L>(keys: usize, rounds: u32, batches: u32, to: usize, add: usize): void {
  const last = keys + <usize>(rounds - 1) * ROW_BATCH, planes = changetype<L>(0).planes(), end = planes + ROW_BATCH * batches;
  for (; keys < last; keys += ROW_BATCH) {
    substitute<L>(end);
    mixRows<L>(end, keys);
  }
  substitute<L>(end);
  for (let i = <isize>(batches - 1) * <isize>ROW_BATCH; i >= 0; i -= ROW_BATCH) unpackRows<L>(planes + i, last, 1, to + i, add + i);
}
