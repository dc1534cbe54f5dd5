import { afterAll } from "vitest";
import { EngineSegments } from "../../src/envelope/segments/engine-segments.ts";
import { NodeSegments } from "../../src/envelope/segments/node-segments.ts";
import { PromotingSegmentCipher } from "../../src/envelope/segments/promoting-segment-cipher.ts";
import { WebSegments } from "../../src/envelope/segments/web-segments.ts";
import { PooledSegments } from "../../src/envelope/workers/pooled-segments.ts";
import { SegmentPool } from "../../src/envelope/workers/segment-pool.ts";
import { platformSpawn } from "../../src/envelope/workers/thread.ts";
import { copyOf } from "../../src/shared/byte-input.ts";
import { nodeCrypto } from "../../src/shared/node-crypto.ts";
import { segmentCipherContract } from "./segment-cipher.ts";

const [crypto, spawn] = [nodeCrypto(), platformSpawn()];
if (crypto === undefined || spawn === undefined) throw new Error("This is no Node");
const pool = new SegmentPool({ threads: 2, spawn });
afterAll(() => pool.close());

segmentCipherContract({ name: "engine, AES", suite: 1, make: (keys) => new EngineSegments(keys) });
segmentCipherContract({ name: "engine, SM4", suite: 2, make: (keys) => new EngineSegments(keys) });
segmentCipherContract({ name: "node:crypto", suite: 1, make: (keys) => new NodeSegments(crypto, keys) });
segmentCipherContract({ name: "WebCrypto", suite: 1, make: (keys) => WebSegments.create(keys) });
segmentCipherContract({
  name: "pool, node:crypto",
  suite: 1,
  make: (keys) => new PooledSegments(pool, "native", keys),
});
segmentCipherContract({ name: "pool, AES", suite: 1, make: (keys) => new PooledSegments(pool, "wasm", keys) });
segmentCipherContract({ name: "pool, SM4", suite: 2, make: (keys) => new PooledSegments(pool, "wasm", keys) });
segmentCipherContract({
  name: "promoting from this thread to the pool",
  suite: 2,
  make: (keys) => {
    const own = { ...keys, segmentKey: copyOf(keys.segmentKey), noncePrefix: copyOf(keys.noncePrefix) };
    return new PromotingSegmentCipher({
      first: new EngineSegments(keys),
      after: 20_000,
      batchSegments: 4,
      promote: async () => new PooledSegments(pool, "wasm", own),
      wipe: () => own.segmentKey.fill(0),
    });
  },
});
