// GHASH (SP 800-38D §6.4) by look-ups within vectors, up to four blocks to one reduction:
//
//     Y' = (Y + X1)·H^n + X2·H^(n-1) + … + Xn·H
//
// Every product is taken with the tables of its power (tables.ts); bytes of equal index are added before they are
// moved into place, so all n blocks share the moves and the reduction. The path depends only on the number of blocks.
import { NIBBLES } from "../memory";
import { highNibbles, lookup, lowNibbles } from "../swizzle";
import { moveUp, reduce } from "./reduce";
import { POWERS, TABLES_SIZE } from "./shape";

@inline
function storeNibbles(b: u32, block: v128): void {
  v128.store(NIBBLES + 32 * b, highNibbles(block), 0);
  v128.store(NIBBLES + 32 * b, lowNibbles(block), 16);
}

/** Byte m of the products of block b's bytes, added to `sum`. */
@inline
function addLookups(sum: v128, table: usize, b: u32): v128 {
  const high = lookup(v128.load(table, 0), v128.load(NIBBLES + 32 * b, 0));
  const low = lookup(v128.load(table, 16), v128.load(NIBBLES + 32 * b, 16));
  return v128.xor(sum, v128.xor(high, low));
}

/** `count` ≤ 4 blocks at `blocks` onto `state`, with the tables of H^1 … H^count. */
function absorbFew(tables: usize, state: v128, blocks: usize, count: u32): v128 {
  storeNibbles(0, v128.xor(state, v128.load(blocks)));
  for (let b: u32 = 1; b < count; ++b) storeNibbles(b, v128.load(blocks + 16 * b));
  let low = i64x2.splat(0), high = i64x2.splat(0);
  const first = tables + TABLES_SIZE * (count - 1);
  for (let m = <isize>480; m >= 0; m -= 32) {
    high = moveUp(high, low);
    low = moveUp(low, i64x2.splat(0));
    let table = first + m;
    for (let b: u32 = 0; b < count; ++b, table -= TABLES_SIZE) low = addLookups(low, table, b);
  }
  return reduce(low, high);
}

/** Byte m of the products of one block's bytes; its nibbles stay in registers. */
@inline
function product(table: usize, high: v128, low: v128): v128 {
  return v128.xor(lookup(v128.load(table, 0), high), lookup(v128.load(table, 16), low));
}

/** Four blocks at `blocks` onto `state`. */
@inline
function absorbFour(tables: usize, state: v128, blocks: usize): v128 {
  const x0 = v128.xor(state, v128.load(blocks, 0)), x1 = v128.load(blocks, 16), x2 = v128.load(blocks, 32), x3 = v128.load(blocks, 48);
  const h0 = highNibbles(x0), h1 = highNibbles(x1), h2 = highNibbles(x2), h3 = highNibbles(x3);
  const l0 = lowNibbles(x0), l1 = lowNibbles(x1), l2 = lowNibbles(x2), l3 = lowNibbles(x3);
  let low = i64x2.splat(0), high = i64x2.splat(0);
  for (let table = tables + 480; table >= tables; table -= 32) {
    high = moveUp(high, low);
    low = moveUp(low, i64x2.splat(0));
    const p0 = product(table + 3 * TABLES_SIZE, h0, l0), p1 = product(table + 2 * TABLES_SIZE, h1, l1);
    const p2 = product(table + TABLES_SIZE, h2, l2), p3 = product(table, h3, l3);
    // Pairwise: in a row, each addition would wait for the one before it.
    low = v128.xor(low, v128.xor(v128.xor(p3, p2), v128.xor(p1, p0)));
  }
  return reduce(low, high);
}

/** `count` blocks at `blocks` onto the 16 bytes at `state`, with the tables of H^1 … H^powers. */
export function absorb(tables: usize, powers: u32, state: usize, blocks: usize, count: u32): void {
  let y = v128.load(state);
  const first = count & (powers - 1);
  if (first > 0) {
    y = absorbFew(tables, y, blocks, first);
    blocks += 16 * first;
    count -= first;
  }
  if (powers == POWERS) {
    for (; count > 0; count -= 4, blocks += 64) y = absorbFour(tables, y, blocks);
  } else {
    for (; count > 0; count -= powers, blocks += 16 * powers) y = absorbFew(tables, y, blocks, powers);
  }
  v128.store(state, y);
}
