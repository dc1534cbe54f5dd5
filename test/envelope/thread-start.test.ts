import { afterEach, describe, expect, test } from "vitest";
import { SM4_GCM } from "../../src/envelope/format/suites.ts";
import type { ReadyReply, Request } from "../../src/envelope/workers/messages.ts";
import { PooledSegments } from "../../src/envelope/workers/pooled-segments.ts";
import { SegmentPool } from "../../src/envelope/workers/segment-pool.ts";
import { platformSpawn, type Spawn } from "../../src/envelope/workers/thread.ts";

// A thread counts as started once it has tried to instantiate its engine. Threads of the platform; what they say at the start is held
// back or changed on the way, as a host with little memory or a strict policy would have it.

const SEGMENT = 2 ** 16;
const messageKeys = () => ({
  ...{ suite: SM4_GCM, segmentSize: SEGMENT, commitment: new Uint8Array(0) },
  ...{ segmentKey: new Uint8Array(16).fill(5), noncePrefix: new Uint8Array(7) },
});
const batch = (first: number, final = false) => ({ bytes: new Uint8Array(2 * SEGMENT).fill(first), first, final });
const noMemory = { code: "ERR_WASM", message: "The host has no memory for the engine" };

const pools: SegmentPool[] = [];
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});

/** @param onReady what the thread of this number says; a promise holds it back */
function poolOf(threads: number, onReady: (thread: number, said: ReadyReply) => ReadyReply | Promise<ReadyReply>) {
  const real = platformSpawn();
  if (real === undefined) throw new Error("This is no Node");
  const posted: Request["kind"][][] = [];
  const spawn: Spawn = (events) => {
    const own = posted.length;
    const requests: Request["kind"][] = [];
    posted.push(requests);
    const thread = real({
      ...events,
      reply: async (reply) => events.reply(reply.kind === "ready" ? await onReady(own, reply) : reply),
    });
    return {
      ...thread,
      post: (request, transfer) => {
        requests.push(request.kind);
        thread.post(request, transfer);
      },
    };
  };
  const pool = new SegmentPool({ threads, spawn });
  pools.push(pool);
  return { pool, posted };
}

async function sealAll(pool: SegmentPool, count: number): Promise<number> {
  const cipher = new PooledSegments(pool, "wasm", messageKeys());
  try {
    const sealing: Promise<Uint8Array>[] = [];
    for (let i = 0; i < count; i++) {
      await cipher.reserve();
      sealing.push(cipher.seal(batch(2 * i, i === count - 1)));
    }
    return (await Promise.all(sealing)).reduce((sum, { length }) => sum + length, 0);
  } finally {
    cipher.dispose();
  }
}

const sealedLength = (count: number) => count * 2 * (SEGMENT + 16);

test("start() waits for the engine, and fails with its error", async () => {
  const { pool } = poolOf(2, () => ({ kind: "ready", engineFailure: noMemory }));
  await expect(pool.start("wasm")).rejects.toMatchObject({
    code: "ERR_WASM",
    message: expect.stringContaining(noMemory.message),
  });
  await expect(sealAll(pool, 4)).rejects.toMatchObject({ code: "ERR_WASM" });
  // The platform's AES needs no engine.
  await pool.start("native");
});

test("a thread without an engine gets no batch; the others do all of them, and no more are started", async () => {
  const { pool, posted } = poolOf(3, (thread, said) => (thread === 1 ? { ...said, engineFailure: noMemory } : said));
  await pool.start("wasm");
  expect(await sealAll(pool, 12)).toBe(sealedLength(12));
  expect(posted[1]).toEqual([]);
  expect(posted.flat().filter((kind) => kind === "seal").length).toBe(12);
});

test("nothing is sent to a thread before it is ready", async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { pool, posted } = poolOf(1, (_, said) => held.then(() => said));
  const sealing = sealAll(pool, 2);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(posted).toEqual([[]]);
  release();
  expect(await sealing).toBe(sealedLength(2));
});

test("a message that ends while its thread starts sends neither keys, which are wiped, nor a batch", async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { pool, posted } = poolOf(1, (_, said) => held.then(() => said));
  const cipher = new PooledSegments(pool, "wasm", messageKeys());
  await cipher.reserve();
  const sealing = cipher.seal(batch(0, true));
  cipher.dispose();
  release();
  await expect(sealing).rejects.toMatchObject({ code: "ERR_STATE" });
  expect(posted).toEqual([[]]);
  expect(await sealAll(pool, 2)).toBe(sealedLength(2));
});

describe("after a failure", () => {
  test("the next message tries again", async () => {
    let failing = true;
    const { pool } = poolOf(2, (_, said) => (failing ? { kind: "ready", engineFailure: noMemory } : said));
    await expect(pool.start("wasm")).rejects.toMatchObject({ code: "ERR_WASM" });
    failing = false;
    await pool.start("wasm");
    expect(await sealAll(pool, 4)).toBe(sealedLength(4));
  });
});
