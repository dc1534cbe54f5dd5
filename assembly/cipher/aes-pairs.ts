// AES by rows on two batches at once, for the wide build (lanes.ts): what aes.ts does on one batch after the other.
import { copyTwice, half, Paired } from "../lanes";
import { BATCH, COUNTER_TABLE, PAIR_KEYS, PAIR_PLANES, PAIR_REST, PAIR_RESTS, PAIRS_END, ROW_KEYS, wipeBlocks, ZEROS } from "../memory";
import { packRows, ROW_BATCH } from "./aes-rows";
import { decryptRows } from "./aes-rows-decrypt";
import { encryptRows, mixRows } from "./aes-rows-encrypt";
import { substitute } from "./aes-substitute";

/** Bytes of 64 blocks, and of their planes. */
const PAIR: usize = 2 * ROW_BATCH;

/** Where the planes of two batches begin and end, and their round keys begin. */
const FIRST: usize = PAIR_PLANES >> 1, END: usize = FIRST + ROW_BATCH, KEYS: usize = PAIR_KEYS >> 1;

/** Takes the round keys of `rounds` rounds and one from ROW_KEYS. */
export function pairRowKeys(rounds: u32): void {
  copyTwice(PAIR_KEYS, ROW_KEYS, ROW_BATCH * <usize>(rounds + 1));
}

export function wipeRowPairs(): void {
  wipeBlocks(PAIR_PLANES, PAIRS_END - PAIR_PLANES);
}

/** `encryptBulk`. */
export function encryptRowPair(rounds: u32, from: usize, to: usize, add: usize): void {
  packRows<Paired>(half(from), FIRST, KEYS);
  encryptRows<Paired>(KEYS + ROW_BATCH, rounds, 1, half(to), half(add));
}

/** `decryptBulk`. */
export function decryptRowPair(rounds: u32, from: usize, to: usize, add: usize): void {
  packRows<Paired>(half(from), FIRST, KEYS + ROW_BATCH * rounds);
  decryptRows<Paired>(rounds, 1, half(to), half(add));
}

/** Keeps the lanes of `mask`. */
@inline
function maskPlanes(planes: usize, mask: v128): void {
  for (let at = planes; at < planes + ROW_BATCH; at += 16) v128.store(at, v128.and(v128.load(at), mask));
}

function keepColumn0<L>(): void {
  maskPlanes(changetype<L>(0).planes(), i32x4(-1, 0, 0, 0));
}

function keepOtherColumns<L>(): void {
  maskPlanes(changetype<L>(0).planes(), i32x4(0, -1, -1, -1));
}

function copyPlanes<L>(to: usize): void {
  const planes = changetype<L>(0).planes();
  for (let i: usize = 0; i < ROW_BATCH; i += 16) v128.store(to + i, v128.load(planes + i));
}

/** The first round on the 64 blocks at BATCH, and the S-boxes of the second. */
function beginRounds(): void {
  packRows<Paired>(half(BATCH), FIRST, KEYS);
  substitute<Paired>(END);
  mixRows<Paired>(END, KEYS + ROW_BATCH);
  substitute<Paired>(END);
}

/** `makeCounterTable` of aes-rows-counter.ts. */
export function makePairedTable(block: usize): void {
  const counter = v128.load(block);
  for (let low: u32 = 0; low < 256; low += 64) {
    for (let i: u32 = 0; i < 64; ++i) {
      v128.store(BATCH + 16 * i, counter);
      store<u8>(BATCH + 16 * i, <u8>(low + i), 15);
    }
    beginRounds();
    keepColumn0<Paired>();
    mixRows<Paired>(END, half(ZEROS));
    copyPlanes<Paired>(half(COUNTER_TABLE + 16 * low));
  }
  wipeBlocks(BATCH, PAIR);
}

/** `makeCounterRests`, of 64 values. */
function makePairedRests(block: usize): void {
  const counter = v128.load(block), first = bswap<u32>(load<u32>(block, 12));
  for (let i: u32 = 0; i < 64; ++i) {
    v128.store(BATCH + 16 * i, i32x4.replace_lane(counter, 3, bswap<u32>(first + 256 * i)));
  }
  beginRounds();
  keepOtherColumns<Paired>();
  mixRows<Paired>(END, KEYS + 2 * ROW_BATCH);
  copyPlanes<Paired>(half(PAIR_RESTS));
  wipeBlocks(BATCH, PAIR);
}

/** `counterSpan`. Block i of the 64 is block i / 2 of one of the two batches. */
export function spreadPairedRest(block: usize, index: u32): void {
  const i = index & 63, inBatch = i >> 1, from = PAIR_RESTS + 16 * (i & 1);
  if (i == 0) makePairedRests(block);
  const up = 31 - (8 * (inBatch & 3) + (inBatch >> 2));
  for (let plane: usize = 0; plane < PAIR; plane += 32) {
    const rest = i32x4.shr_s(i32x4.shl(v128.load(from + plane), up), 31);
    v128.store(PAIR_REST + plane, rest, 0);
    v128.store(PAIR_REST + plane, rest, 16);
  }
}

function loadRows<L>(table: usize, rest: usize): void {
  const planes = changetype<L>(0).planes();
  for (let i: usize = 0; i < ROW_BATCH; i += 16) v128.store(planes + i, v128.xor(v128.load(table + i), v128.load(rest + i)));
}

/** `counterBatch`. */
export function addPairedCounters(rounds: u32, low: u32, data: usize): void {
  loadRows<Paired>(half(COUNTER_TABLE + 16 * low), half(PAIR_REST));
  encryptRows<Paired>(KEYS + 3 * ROW_BATCH, rounds - 2, 1, half(data), half(data));
}
