// SM4 on pairs of batches, for the wide build (lanes.ts): what sm4.ts does on four batches of 32 blocks is done on two pairs of them.
import { copyTwice, half, Paired } from "../lanes";
import { COUNTER_TABLE, PAIR_KEYS, PAIR_PLANES, wipeBlocks } from "../memory";
import { pack, rounds } from "./sm4-bitslice";
import { COUNTER_BITS } from "./sm4-counter-planes";

/** Bytes of all round keys in planes. */
const KEYS_SIZE: usize = 32 * 128;

const KEYS: usize = PAIR_KEYS >> 1;

/** Takes the round keys at `planeKeys`. */
export function pairPlaneKeys(planeKeys: usize): void {
  copyTwice(PAIR_KEYS, planeKeys, KEYS_SIZE);
}

export function wipePlanePairs(): void {
  wipeBlocks(PAIR_PLANES, PAIR_KEYS + 2 * KEYS_SIZE - PAIR_PLANES);
}

function packPairs(from: usize): void {
  for (let i: usize = 0; i < 1024; i += 512) pack<Paired>(half(from) + i, half(PAIR_PLANES) + i);
}

/** `encryptBulk`. */
export function encryptPlanePairs(from: usize, to: usize, add: usize): void {
  packPairs(from);
  rounds<Paired>(KEYS, 128, 2, half(to), half(add));
}

/** `decryptBulk`. */
export function decryptPlanePairs(from: usize, to: usize, add: usize): void {
  packPairs(from);
  rounds<Paired>(KEYS + 31 * 128, -128, 2, half(to), half(add));
}

/** The planes of 128 counter blocks (`loadCounterPlanes` of sm4-counter-planes.ts): a counter's lowest bit says to which of two batches it
 * belongs, and the next five are its place there. */
function loadPairedCounters(low: u32): void {
  for (let pair = PAIR_PLANES; pair < PAIR_PLANES + 2048; pair += 1024, low += 64) {
    copyTwice(pair, COUNTER_TABLE, 512);
    const counter = pair + 768;
    store<u32>(counter, 0, 12);
    store<u32>(counter, -1, 28);
    for (let k: u32 = 1; k < 8; ++k) {
      const bits = k < 6 ? load<u32>(COUNTER_BITS + 4 * (k - 1)) : 0 - (low >> k & 1);
      store<u32>(counter + 32 * k, bits, 12);
      store<u32>(counter + 32 * k, bits, 28);
    }
  }
}

/** `counterBatch`. */
export function addPairedCounters(low: u32, data: usize): void {
  loadPairedCounters(low);
  rounds<Paired>(KEYS, 128, 2, half(data), half(data));
}
