// AES decryption by rows (aes-rows.ts).
import { mixColumns } from "../circuit/aes-mix-columns";
import { ROW_KEYS } from "../memory";
import { expandPlanes, ROW_BATCH, rotateLanes, unpackRows, unshiftKey } from "./aes-rows";
import { invertSubstitution } from "./aes-substitute";

/** Round keys from `planeKeys`, which stand there in eight planes, to ROW_KEYS. */
export function makeInverseRowKeys(planeKeys: usize, rounds: u32): void {
  expandPlanes(planeKeys, ROW_KEYS, rounds + 1);
  unshiftKey(ROW_KEYS, 1);
}

/** Plane k of row r through InvShiftRows, with the round key. */
@inline
function taken(planes: usize, key: usize, r: i32, k: i32): v128 {
  return v128.xor(rotateLanes(v128.load(planes + 128 * r + 16 * k), 4 - r & 3), v128.load(key + 128 * r + 16 * k));
}

@inline
function put(planes: usize, r: i32, k: i32, plane: v128): void {
  v128.store(planes + 128 * r + 16 * k, plane);
}

/** InvShiftRows and AddRoundKey on the rows `r` and `r` + 2; adds to both 4 times their sum. */
@inline
function addFourfoldSum(planes: usize, key: usize, r: i32): void {
  const s = r + 2;
  const a6 = taken(planes, key, r, 6), b6 = taken(planes, key, s, 6), u6 = v128.xor(a6, b6);
  const a7 = taken(planes, key, r, 7), b7 = taken(planes, key, s, 7), u7 = v128.xor(a7, b7), u67 = v128.xor(u6, u7);
  const a4 = taken(planes, key, r, 4), b4 = taken(planes, key, s, 4), u4 = v128.xor(a4, b4);
  put(planes, r, 6, v128.xor(a6, u4));
  put(planes, s, 6, v128.xor(b6, u4));
  const a5 = taken(planes, key, r, 5), b5 = taken(planes, key, s, 5), u5 = v128.xor(a5, b5);
  put(planes, r, 7, v128.xor(a7, u5));
  put(planes, s, 7, v128.xor(b7, u5));
  const a2 = taken(planes, key, r, 2), b2 = taken(planes, key, s, 2), v4 = v128.xor(v128.xor(a2, b2), u67);
  put(planes, r, 4, v128.xor(a4, v4));
  put(planes, s, 4, v128.xor(b4, v4));
  const a3 = taken(planes, key, r, 3), b3 = taken(planes, key, s, 3), v5 = v128.xor(v128.xor(a3, b3), u7);
  put(planes, r, 5, v128.xor(a5, v5));
  put(planes, s, 5, v128.xor(b5, v5));
  const a0 = taken(planes, key, r, 0), b0 = taken(planes, key, s, 0), v2 = v128.xor(v128.xor(a0, b0), u7);
  put(planes, r, 2, v128.xor(a2, v2));
  put(planes, s, 2, v128.xor(b2, v2));
  put(planes, r, 0, v128.xor(a0, u6));
  put(planes, s, 0, v128.xor(b0, u6));
  const a1 = taken(planes, key, r, 1), b1 = taken(planes, key, s, 1), v3 = v128.xor(v128.xor(a1, b1), u6);
  put(planes, r, 3, v128.xor(a3, v3));
  put(planes, s, 3, v128.xor(b3, v3));
  put(planes, r, 1, v128.xor(a1, u67));
  put(planes, s, 1, v128.xor(b1, u67));
}

/** Reads and writes planes as they stand. */
@unmanaged
@final
class Rows {
  @inline
  take(planes: usize, r: i32, k: i32): v128 {
    return v128.load(planes + 128 * r + 16 * k);
  }

  @inline
  put(planes: usize, key: usize, r: i32, k: i32, plane: v128): void {
    put(planes, r, k, plane);
  }
}

/** InvShiftRows, AddRoundKey, InvMixColumns on the batches of `L` up to `end`: with u = a + second row of a, MixColumns of a + 4·u (Daemen
 * and Rijmen, The Design of Rijndael §4.1.3). The key carries the 0x63 that the next round's circuit asks of its input. */
function unmixRows<L>(end: usize, key: usize): void {
  for (let planes = changetype<L>(0).planes(); planes < end; planes += ROW_BATCH) {
    addFourfoldSum(planes, key, 0);
    addFourfoldSum(planes, key, 1);
  }
  for (let planes = changetype<L>(0).planes(); planes < end; planes += ROW_BATCH) mixColumns<Rows>(planes, 0);
}

/** The inverse cipher (FIPS 197 §5.3) on `batches` of 32 blocks whose planes stand at those of `L` and have the last round key already: the
 * round keys of `makeInverseRowKeys`, from the last but one back. */
export function decryptRows<L>(rounds: u32, batches: u32, to: usize, add: usize): void {
  const planes = changetype<L>(0).planes(), rowKeys = changetype<L>(0).rowKeys(), end = planes + ROW_BATCH * batches;
  for (let key = rowKeys + <usize>(rounds - 1) * ROW_BATCH; key > rowKeys; key -= ROW_BATCH) {
    invertSubstitution<L>(end);
    unmixRows<L>(end, key);
  }
  invertSubstitution<L>(end);
  for (let i = <isize>(batches - 1) * <isize>ROW_BATCH; i >= 0; i -= ROW_BATCH) unpackRows<L>(planes + i, rowKeys, 3, to + i, add + i);
}
