import { copyOf } from "../../shared/byte-input.ts";
import { isPromise, type MaybePromise, whenReady } from "../../shared/maybe-promise.ts";
import { nodeCrypto } from "../../shared/node-crypto.ts";
import { codeOf } from "../../shared/thrown.ts";
import { type MessageKeys, wipeMessageKeys } from "../keys/message-keys.ts";
import { PooledSegments, pooledBatchSegments } from "../workers/pooled-segments.ts";
import type { WorkerChoice } from "../workers/worker-choice.ts";
import { type Backend, type ChosenBackend, chooseBackend } from "./choose-backend.ts";
import { nativeMaker } from "./crossover.ts";
import { EngineSegments } from "./engine-segments.ts";
import { NodeSegments } from "./node-segments.ts";
import { PromotingSegmentCipher } from "./promoting-segment-cipher.ts";
import type { SegmentCipher } from "./segment-cipher.ts";
import { WebSegments } from "./web-segments.ts";

/** A shorter message ends before a thread receives its first batch. */
const POOLED_BYTES = 2 ** 20;

export interface ExecutionTarget {
  readonly backend: Backend;
  readonly workers: WorkerChoice;
}

/**
 * The cipher for the segments of a message of `length` bytes of plaintext, `undefined` if not known. It copies the keys.
 *
 * @throws LanelockError `ERR_UNSUPPORTED` for a backend or threads that the platform does not have; `ERR_WASM` or `ERR_LIMIT` if
 *   only the engine could do it and the host cannot run it
 */
export function makeSegmentCipher(
  target: ExecutionTarget,
  keys: MessageKeys,
  length: number | undefined,
): MaybePromise<SegmentCipher> {
  const { backend, workers } = target;
  const { suite, segmentSize } = keys;
  const segmentLength = Math.min(length ?? segmentSize, segmentSize);
  const chosen = chooseBackend({ backend, suite, segmentLength });
  return whenReady(chosen, (way): MaybePromise<SegmentCipher> => {
    // WebCrypto has threads of its own.
    const pooled = workers.wantsPool(way) && !(way === "native" && nodeCrypto() === undefined);
    if (!pooled || (length !== undefined && length < POOLED_BYTES)) return onThisThread(backend, way, keys);
    return length === undefined ? promoting(target, way, keys) : onThreads(target, way, keys);
  });
}

function onThisThread(backend: Backend, way: ChosenBackend, keys: MessageKeys): MaybePromise<SegmentCipher> {
  if (way === "native") return nativeOnThisThread(keys);
  try {
    return new EngineSegments(keys);
  } catch (error) {
    // The engine passed its measurement, but has no memory for this key.
    const isEngine = codeOf(error) === "ERR_WASM" || codeOf(error) === "ERR_LIMIT";
    if (backend === "auto" && isEngine && keys.suite.id === 1 && nativeMaker()) return nativeOnThisThread(keys);
    throw error;
  }
}

function nativeOnThisThread(keys: MessageKeys): MaybePromise<SegmentCipher> {
  const node = nodeCrypto();
  return node ? new NodeSegments(node, keys) : WebSegments.create(keys);
}

async function onThreads(target: ExecutionTarget, way: ChosenBackend, keys: MessageKeys): Promise<SegmentCipher> {
  const pool = await target.workers.pool(way);
  return pool ? new PooledSegments(pool, way, keys) : onThisThread(target.backend, way, keys);
}

/** Begins on this thread, and moves to worker threads if the message turns out to be long. */
function promoting(target: ExecutionTarget, way: ChosenBackend, keys: MessageKeys): MaybePromise<SegmentCipher> {
  const own = { ...keys, segmentKey: copyOf(keys.segmentKey), noncePrefix: copyOf(keys.noncePrefix) };
  const wipe = () => wipeMessageKeys(own);
  try {
    const begun = onThisThread(target.backend, way, keys);
    const promote = () => onThreads(target, way, own);
    const promotion = { after: POOLED_BYTES, batchSegments: pooledBatchSegments(keys.segmentSize), promote, wipe };
    if (isPromise(begun)) begun.catch(wipe);
    return whenReady(begun, (first) => new PromotingSegmentCipher({ ...promotion, first }));
  } catch (error) {
    wipe();
    throw error;
  }
}
