import { copyOf } from "../../shared/byte-input.ts";
import type { MaybePromise } from "../../shared/maybe-promise.ts";
import { whenReady } from "../../shared/maybe-promise.ts";
import { type MessageKeys, wipeMessageKeys } from "../keys/message-keys.ts";
import { PooledSegments, pooledBatchSegments } from "../workers/pooled-segments.ts";
import type { WorkerChoice } from "../workers/worker-choice.ts";
import { type Backend, type ChosenBackend, chooseBackend } from "./choose-backend.ts";
import { EngineSegments } from "./engine-segments.ts";
import { NodeSegments, nodeCrypto } from "./node-segments.ts";
import { PromotingSegmentCipher } from "./promoting-segment-cipher.ts";
import type { SegmentCipher } from "./segment-cipher.ts";
import { WebSegments } from "./web-segments.ts";

/** Below this a message is done before a thread has its first run. */
const POOLED_BYTES = 2 ** 20;

export interface ExecutionTarget {
  readonly backend: Backend;
  readonly workers: WorkerChoice;
}

/**
 * What works the segments of a message of `length` bytes of plaintext, `undefined` where nobody knows. It copies the keys.
 *
 * @throws LanelockError `ERR_UNSUPPORTED` for a backend or threads that the platform does not have
 */
export function makeSegmentCipher(
  { backend, workers }: ExecutionTarget,
  keys: MessageKeys,
  length: number | undefined,
): MaybePromise<SegmentCipher> {
  const { suite, segmentSize } = keys;
  const segmentLength = Math.min(length ?? segmentSize, segmentSize);
  return whenReady(chooseBackend({ backend, suite, segmentLength }), (chosen): MaybePromise<SegmentCipher> => {
    // WebCrypto has threads of its own.
    const pooled = workers.wantsPool(chosen) && !(chosen === "native" && nodeCrypto() === undefined);
    if (!pooled || (length !== undefined && length < POOLED_BYTES)) return onThisThread(chosen, keys);
    return length === undefined ? promoting(workers, chosen, keys) : onThreads(workers, chosen, keys);
  });
}

function onThisThread(backend: ChosenBackend, keys: MessageKeys): MaybePromise<SegmentCipher> {
  if (backend === "wasm") return new EngineSegments(keys);
  const node = nodeCrypto();
  return node ? new NodeSegments(node, keys) : WebSegments.create(keys);
}

async function onThreads(workers: WorkerChoice, backend: ChosenBackend, keys: MessageKeys): Promise<SegmentCipher> {
  const pool = await workers.pool();
  return pool ? new PooledSegments(pool, backend, keys) : onThisThread(backend, keys);
}

function promoting(workers: WorkerChoice, backend: ChosenBackend, keys: MessageKeys): MaybePromise<SegmentCipher> {
  const own = { ...keys, segmentKey: copyOf(keys.segmentKey), noncePrefix: copyOf(keys.noncePrefix) };
  const promote = () => onThreads(workers, backend, own);
  const wipe = () => wipeMessageKeys(own);
  const promotion = { after: POOLED_BYTES, batchSegments: pooledBatchSegments(keys.segmentSize), promote, wipe };
  return whenReady(onThisThread(backend, keys), (first) => new PromotingSegmentCipher({ ...promotion, first }));
}
