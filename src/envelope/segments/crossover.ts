import type { Bytes } from "../../shared/byte-input.ts";
import { performance } from "../../shared/timers.ts";
import { AES_256_GCM } from "../format/suites.ts";
import type { MessageKeys } from "../keys/message-keys.ts";
import { EngineSegments } from "./engine-segments.ts";
import { NodeSegments, nodeCrypto } from "./node-segments.ts";
import type { SegmentCipher } from "./segment-cipher.ts";
import { WebSegments } from "./web-segments.ts";

/** Sizes at which the platform's AES is tried; beyond the largest it is taken to win. */
const SIZES = [256, 1_024, 4_096, 16_384, 65_536];
const TRIES = 6;

type Maker = (keys: MessageKeys) => SegmentCipher | Promise<SegmentCipher>;

/** The platform's own AES, if it has one. */
export function nativeMaker(): Maker | undefined {
  const node = nodeCrypto();
  if (node) return (keys) => new NodeSegments(node, keys);
  if (globalThis.crypto?.subtle) return (keys) => WebSegments.create(keys);
  return undefined;
}

/** Which of two ways is quicker for one message of so many bytes, keys and all. `ways` are tried in turns. */
export type Race = (length: number) => Promise<{ native: number; engine: number }>;

/** The smallest of the sizes at which native wins; Infinity if it never does. */
export async function findCrossover(race: Race, sizes: readonly number[] = SIZES): Promise<number> {
  for (const size of sizes) {
    const { native, engine } = await race(size);
    if (native <= engine) return size;
  }
  return Number.POSITIVE_INFINITY;
}

function raceOf(native: Maker): Race {
  const keys: MessageKeys = {
    suite: AES_256_GCM,
    segmentSize: 65_536,
    segmentKey: new Uint8Array(32),
    noncePrefix: new Uint8Array(7),
    commitment: new Uint8Array(0),
  };
  const ways = { native, engine: (own: MessageKeys) => new EngineSegments(own) };
  return async (length) => {
    const bytes = new Uint8Array(length);
    const best = { native: Number.POSITIVE_INFINITY, engine: Number.POSITIVE_INFINITY };
    for (let i = 0; i < TRIES; i++) {
      for (const way of ["native", "engine"] as const) {
        const start = performance.now();
        await sealOnce(ways[way], keys, bytes);
        best[way] = Math.min(best[way], performance.now() - start);
      }
    }
    return best;
  };
}

async function sealOnce(make: Maker, keys: MessageKeys, bytes: Bytes): Promise<void> {
  const made = make(keys);
  const cipher = made instanceof Promise ? await made : made;
  const sealed = cipher.seal({ bytes, first: 0, final: true });
  if (sealed instanceof Promise) await sealed;
  cipher.dispose();
}

let measured: number | undefined;
let measuring: Promise<number> | undefined;

/**
 * From how many bytes on the platform's AES is quicker here than the engine. It is measured once, at the first message that
 * asks, in a few milliseconds.
 */
export function nativeCrossover(native: Maker): number | Promise<number> {
  if (measured !== undefined) return measured;
  measuring ??= findCrossover(raceOf(native)).then((size) => {
    measured = size;
    return size;
  });
  return measuring;
}
