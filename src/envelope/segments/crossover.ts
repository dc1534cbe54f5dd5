import type { Bytes } from "../../shared/byte-input.ts";
import { isPromise } from "../../shared/maybe-promise.ts";
import { nodeCrypto } from "../../shared/node-crypto.ts";
import { performance } from "../../shared/timers.ts";
import { AES_256_GCM } from "../format/suites.ts";
import type { MessageKeys } from "../keys/message-keys.ts";
import { EngineSegments } from "./engine-segments.ts";
import { NodeSegments } from "./node-segments.ts";
import type { SegmentCipher } from "./segment-cipher.ts";
import { WebSegments } from "./web-segments.ts";

/** Sizes at which the platform's AES is measured. It is assumed to win beyond the largest. */
const SIZES = [256, 1_024, 4_096, 16_384, 65_536];
const TRIES = 6;

/** Time until a measurement in which one implementation failed is repeated: memory may have been short. */
const RETRY_MILLISECONDS = 10_000;

type Maker = (keys: MessageKeys) => SegmentCipher | Promise<SegmentCipher>;

/** The platform's own AES, if it has one. */
export function nativeMaker(): Maker | undefined {
  const node = nodeCrypto();
  if (node) return (keys) => new NodeSegments(node, keys);
  if (globalThis.crypto?.subtle) return (keys) => WebSegments.create(keys);
  return undefined;
}

/** Milliseconds that each implementation takes for a message of `length` bytes, key set-up included; Infinity if it fails here. */
export type Race = (length: number) => Promise<{ native: number; engine: number }>;

/** The smallest of the sizes at which native wins; Infinity if it never does. */
export async function findCrossover(race: Race, sizes: readonly number[] = SIZES): Promise<number> {
  for (const size of sizes) {
    const { native, engine } = await race(size);
    if (native <= engine && native < Number.POSITIVE_INFINITY) return size;
  }
  return Number.POSITIVE_INFINITY;
}

/** A race that alternates between the two. One that fails drops out, so that `"auto"` falls back to the other. */
export function raceOf(ways: { readonly native: Maker; readonly engine: Maker }, failed: Set<string>): Race {
  const keys: MessageKeys = {
    suite: AES_256_GCM,
    segmentSize: 65_536,
    segmentKey: new Uint8Array(32),
    noncePrefix: new Uint8Array(7),
    commitment: new Uint8Array(0),
  };
  return async (length) => {
    const bytes = new Uint8Array(length);
    const best = { native: Number.POSITIVE_INFINITY, engine: Number.POSITIVE_INFINITY };
    for (let i = 0; i < TRIES; i++) {
      for (const way of ["native", "engine"] as const) {
        if (failed.has(way)) continue;
        try {
          const start = performance.now();
          await sealOnce(ways[way], keys, bytes);
          best[way] = Math.min(best[way], performance.now() - start);
        } catch {
          failed.add(way);
        }
      }
    }
    for (const way of ["native", "engine"] as const) if (failed.has(way)) best[way] = Number.POSITIVE_INFINITY;
    return best;
  };
}

async function sealOnce(make: Maker, keys: MessageKeys, bytes: Bytes): Promise<void> {
  const made = make(keys);
  const cipher = isPromise(made) ? await made : made;
  const sealed = cipher.seal({ bytes, first: 0, final: true });
  if (isPromise(sealed)) await sealed;
  cipher.dispose();
}

let measured: number | undefined;
let measuredUntil = Number.POSITIVE_INFINITY;
let measuring: Promise<number> | undefined;

/**
 * The length in bytes from which the platform's AES is faster than the engine; 0 if there is no engine, Infinity if the platform's
 * AES does not work. The first message measures it once, in a few milliseconds. A measurement in which one of them failed is
 * repeated after ten seconds.
 */
export function nativeCrossover(native: Maker): number | Promise<number> {
  if (measured !== undefined && (measuredUntil === Number.POSITIVE_INFINITY || performance.now() < measuredUntil)) {
    return measured;
  }
  measuring ??= measure(native).finally(() => {
    measuring = undefined;
  });
  return measuring;
}

async function measure(native: Maker): Promise<number> {
  const failed = new Set<string>();
  const found = await findCrossover(raceOf({ native, engine: (keys) => new EngineSegments(keys) }, failed));
  measured = failed.has("engine") && !failed.has("native") ? 0 : found;
  measuredUntil = failed.size > 0 ? performance.now() + RETRY_MILLISECONDS : Number.POSITIVE_INFINITY;
  return measured;
}
