import { envelope } from "lanelock/envelope";
import { afterEach, describe, expect, test } from "vitest";
import { SM4_GCM } from "../../src/envelope/format/suites.ts";
import { PooledSegments } from "../../src/envelope/workers/pooled-segments.ts";
import { SegmentPool } from "../../src/envelope/workers/segment-pool.ts";
import { platformSpawn, type Spawn, type Thread } from "../../src/envelope/workers/thread.ts";
import { seeded } from "../reference/seeded.ts";
import { chunksOf, collect, streamOf } from "./collect.ts";
import { FixedKms } from "./fixed-kms.ts";

// Threads of the platform, as they are; what goes to them is looked at on the way.

interface Watched {
  readonly thread: Thread;
  /** Segments it has been given and not given back. */
  inFlight: number;
  most: number;
  alive: boolean;
}

const SEGMENT = 2 ** 16;
const keys = { suite: SM4_GCM, segmentSize: SEGMENT, commitment: new Uint8Array(0) };
const messageKeys = () => ({ ...keys, segmentKey: new Uint8Array(16).fill(5), noncePrefix: new Uint8Array(7) });
const run = (first: number, final = false) => ({ bytes: new Uint8Array(2 * SEGMENT).fill(first), first, final });

const pools: SegmentPool[] = [];
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});

function watchedPool(threads: number) {
  const watched: Watched[] = [];
  const real = platformSpawn();
  if (real === undefined) throw new Error("This is no Node");
  const spawn: Spawn = (events) => {
    const thread = real({
      reply: (reply) => {
        if (reply.kind !== "ready") entry.inFlight -= 2;
        events.reply(reply);
      },
      ended: (cause) => {
        entry.alive = false;
        events.ended(cause);
      },
    });
    const entry: Watched = { thread, inFlight: 0, most: 0, alive: true };
    watched.push(entry);
    return {
      ...thread,
      post: (request, transfer) => {
        if (request.kind === "seal" || request.kind === "open") entry.inFlight += 2;
        entry.most = Math.max(entry.most, entry.inFlight);
        thread.post(request, transfer);
      },
      terminate: async () => {
        await thread.terminate();
        entry.alive = false;
      },
    };
  };
  const pool = new SegmentPool({ threads, spawn });
  pools.push(pool);
  return { pool, watched };
}

/** What no thread can take: it crashes of it. */
function crash({ thread }: Watched): void {
  const secret = new ArrayBuffer(23);
  thread.post({ kind: "keys", message: -1, suite: 9 as 1, segmentSize: SEGMENT, backend: "wasm", secret }, []);
}

async function sealRuns(pool: SegmentPool, count: number) {
  const cipher = new PooledSegments(pool, "wasm", messageKeys());
  const results: (Uint8Array | Promise<Uint8Array>)[] = [];
  try {
    for (let i = 0; i < count; i++) {
      await cipher.reserve();
      const working = cipher.seal(run(2 * i, i === count - 1));
      working.catch(() => {});
      results.push(working);
    }
    return Buffer.concat(await Promise.all(results));
  } finally {
    cipher.dispose();
  }
}

test("both threads work, and no thread has more than 8 segments at a time, however many messages there are", async () => {
  const { pool, watched } = watchedPool(2);
  const [first, ...others] = await Promise.all(Array.from({ length: 6 }, () => sealRuns(pool, 12)));
  for (const other of others) expect(other.equals(first ?? Buffer.alloc(0))).toBe(true);
  expect(watched.length).toBe(2);
  for (const { most } of watched) {
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(8);
  }
});

test("a crash fails the message of that thread; one that the other thread works on at the time is done", async () => {
  const { pool, watched } = watchedPool(2);
  const wanted = await sealRuns(pool, 1);
  await sealRuns(pool, 8);
  const [first, second] = watched;
  if (first === undefined || second === undefined) throw new Error("no threads were started");
  const [lost, other] = [
    new PooledSegments(pool, "wasm", messageKeys()),
    new PooledSegments(pool, "wasm", messageKeys()),
  ];
  await lost.reserve();
  await other.reserve();
  crash(first);
  // The first idle thread takes the one run, the other thread the other.
  const [failing, working] = [lost.seal(run(0)), other.seal(run(0, true))];
  expect([first.inFlight, second.inFlight]).toEqual([2, 2]);
  await expect(failing).rejects.toMatchObject({ code: "ERR_WORKER" });
  expect(Buffer.compare(await working, wanted)).toBe(0);
  expect([first.alive, second.alive]).toEqual([false, true]);
  for (const message of [lost, other]) message.dispose();
});

test("a crash fails what the thread result on; other messages, and later ones, are done", async () => {
  const { pool, watched } = watchedPool(2);
  const wanted = await sealRuns(pool, 4);
  await sealRuns(pool, 8);
  const [first] = watched;
  if (first === undefined) throw new Error("no thread was started");
  const lost = new PooledSegments(pool, "wasm", messageKeys());
  await lost.reserve();
  // Both threads are idle: the first takes the run, after what it crashes of.
  crash(first);
  const failing = lost.seal(run(0));
  await expect(failing).rejects.toMatchObject({ code: "ERR_WORKER" });
  lost.dispose();
  expect(first.alive).toBe(false);
  const after = await Promise.all([sealRuns(pool, 4), sealRuns(pool, 4), sealRuns(pool, 4)]);
  for (const message of after) expect(message.equals(wanted)).toBe(true);
  expect(watched.length).toBe(3);
});

describe("where no further thread can start", () => {
  const real = platformSpawn();
  function limitedPool() {
    let most = 2;
    let started = 0;
    const spawn: Spawn = (events) => {
      if (real === undefined || started >= most) throw new Error("the system has no memory for it");
      started += 1;
      return real(events);
    };
    const pool = new SegmentPool({ threads: 2, spawn });
    pools.push(pool);
    const allow = (threads: number) => {
      most = threads;
    };
    return { pool, allow };
  }

  test("the threads that are there do the work", async () => {
    const { pool, allow } = limitedPool();
    allow(1);
    expect((await sealRuns(pool, 8)).length).toBe(8 * 2 * (SEGMENT + 16));
  });

  test("without any, the message fails with ERR_WORKER, and later ones are done when there can be threads again", async () => {
    const { pool, allow } = limitedPool();
    allow(0);
    await expect(sealRuns(pool, 8)).rejects.toMatchObject({ code: "ERR_WORKER", cause: expect.any(Error) });
    allow(2);
    expect((await sealRuns(pool, 8)).length).toBe(8 * 2 * (SEGMENT + 16));
  });
});

describe("close()", () => {
  test("lets batches in progress finish, and resolves when no thread is left", async () => {
    const { pool, watched } = watchedPool(2);
    const cipher = new PooledSegments(pool, "wasm", messageKeys());
    const working: Promise<Uint8Array>[] = [];
    for (let i = 0; i < 4; i++) {
      await cipher.reserve();
      working.push(cipher.seal(run(2 * i)));
    }
    await pool.close();
    expect(watched.map(({ alive }) => alive)).toEqual([false, false]);
    expect((await Promise.all(working)).map(({ length }) => length)).toEqual(Array(4).fill(2 * SEGMENT + 32));
    await cipher.reserve();
    await expect(cipher.seal(run(8))).rejects.toMatchObject({ code: "ERR_STATE" });
    cipher.dispose();
  });

  test("may be called twice at once, with batches in progress", async () => {
    const { pool } = watchedPool(1);
    const cipher = new PooledSegments(pool, "wasm", messageKeys());
    await cipher.reserve();
    const working = cipher.seal(run(0));
    await Promise.all([pool.close(), pool.close(), working]);
    await pool.close();
  });

  test("of an envelope ends a message on its way with ERR_STATE, whole or cut, and starts no thread", async () => {
    const kms = new FixedKms(new Uint8Array(32), new Uint8Array(96));
    const bytes = new Uint8Array(8 * 2 ** 20);
    for (let turns = 0; turns < 30; turns++) {
      const files = envelope(kms, { keyId: "key-fixed", workers: 2, backend: "wasm" });
      const sealing = files.seal(bytes).then(
        () => "done",
        (error) => error.code,
      );
      for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
      await Promise.all([files.close(), files.close()]);
      expect(["done", "ERR_STATE"]).toContain(await sealing);
    }
  });
});

test.each([1, 2, 3])("%i workers give the bytes that one thread gives, in order", async (workers) => {
  const kms = new FixedKms(new Uint8Array(32), new Uint8Array(96), "Aliyun_SM4");
  const plaintext = seeded("order").bytes(5_000_123);
  const one = envelope(kms, { keyId: "key-fixed", workers: 1 });
  await using files = envelope(kms, { keyId: "key-fixed", workers });
  const whole = await files.seal(plaintext);
  expect(Buffer.compare(await one.open(whole), plaintext)).toBe(0);
  expect(Buffer.compare(await files.open(await one.seal(plaintext)), plaintext)).toBe(0);
  const streamed = await collect(streamOf(chunksOf(plaintext, 1, 70_000, 1_000_000)).pipeThrough(files.sealStream()));
  expect(Buffer.compare(await one.open(streamed), plaintext)).toBe(0);
  const opened = await collect(streamOf(chunksOf(whole, 300_000, 17)).pipeThrough(files.openStream()));
  expect(Buffer.compare(opened, plaintext)).toBe(0);
  expect(
    Buffer.compare(await files.openRange(whole, 1_000_001, 3_000_000), plaintext.subarray(1_000_001, 4_000_001)),
  ).toBe(0);
});
