import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AES_256_GCM } from "../../src/envelope/format/suites.ts";
import { EngineSegments } from "../../src/envelope/segments/engine-segments.ts";
import { PoolThread } from "../../src/envelope/workers/pool-thread.ts";
import { PooledSegments, pooledBatchSegments } from "../../src/envelope/workers/pooled-segments.ts";
import { SegmentPool } from "../../src/envelope/workers/segment-pool.ts";
import { ownThreads } from "./own-thread.ts";

vi.mock("../../src/shared/timers.ts", () => import("../shared/late-timers.ts"));

// Which thread gets which batch, and what becomes of batches, keys and threads. The threads' work is done on this thread, when the
// test lets it.

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const SIZE = 4_096;
const keys = () => ({
  ...{ suite: AES_256_GCM, segmentSize: SIZE, commitment: new Uint8Array(32).fill(7) },
  ...{ segmentKey: new Uint8Array(32).fill(5), noncePrefix: new Uint8Array(7).fill(6) },
});
const batch = (length = 100) => ({ bytes: new Uint8Array(length).fill(9), first: 0, final: true });
const wanted = (length = 100) => {
  const cipher = new EngineSegments(keys());
  const sealed = cipher.seal(batch(length));
  cipher.dispose();
  return sealed;
};
const turn = () => vi.advanceTimersByTimeAsync(0);
const failureOf = (working: Promise<unknown>) => working.catch((error: unknown) => error);
const broken = new Error("it broke");

describe("a thread", () => {
  function started() {
    const { threads, spawn } = ownThreads();
    const ended = vi.fn();
    const thread = new PoolThread(spawn, ended);
    const [own] = threads;
    if (own === undefined) throw new Error("no thread");
    const buffer = new ArrayBuffer(116);
    const process = () => thread.process({ kind: "seal", message: 1, first: 0, final: true, bytes: buffer.slice(0) });
    return { thread, own, ended, process };
  }

  test("that the system does not start is ERR_WORKER, and the system's error the cause", () => {
    const { spawn, state } = ownThreads();
    state.refuses = broken;
    const refused = expect.objectContaining({ code: "ERR_WORKER", cause: broken });
    expect(() => new PoolThread(spawn, () => {})).toThrow(refused);
  });

  test("has started when it says so, and keeps the process alive only while it has batches", async () => {
    const { thread, own, process } = started();
    const starting = thread.started("wasm");
    expect(thread.hasStarted).toBe(false);
    own.ready();
    await starting;
    expect([thread.hasStarted, thread.mayServe("wasm"), own.kept]).toEqual([true, true, [false]]);
    const working = [process(), process()].map(failureOf);
    expect(own.kept).toEqual([false, true, true]);
    own.answer();
    expect(own.kept).toEqual([false, true, true]);
    own.answer();
    expect(own.kept).toEqual([false, true, true, false]);
    await Promise.all(working);
  });

  test.each([
    ["ERR_LIMIT", "ERR_LIMIT"],
    ["ERR_WASM", "ERR_WASM"],
    [undefined, "ERR_WASM"],
  ])("without an engine serves the platform's AES alone: %s", async (code, shown) => {
    const { thread, own } = started();
    expect(thread.mayServe("wasm")).toBe(true);
    own.ready({ kind: "ready", engineFailure: { code, message: "no room" } });
    const refused = { code: shown, message: expect.stringContaining("no room") };
    await expect(thread.started("wasm")).rejects.toMatchObject(refused);
    await thread.started("native");
    expect([thread.mayServe("wasm"), thread.mayServe("native")]).toEqual([false, true]);
  });

  test.each([
    ["ERR_AUTHENTICATION", { code: "ERR_AUTHENTICATION", message: expect.stringContaining("Not authentic") }],
    ["ERR_WASM", { code: "ERR_WASM", message: expect.stringContaining("why") }],
    ["ERR_LIMIT", { code: "ERR_LIMIT", message: expect.stringContaining("why") }],
    ["ERR_STATE", { code: "ERR_WORKER", cause: { message: "why" } }],
    [undefined, { code: "ERR_WORKER", cause: { message: "why" } }],
  ])("whose batch fails: %s", async (code, refused) => {
    const { own, process } = started();
    own.ready();
    const [failing, other] = [process(), process()].map(failureOf);
    own.events.reply({ kind: "failed", batch: 0, failure: { code, message: "why" } });
    expect(await failing).toMatchObject(refused);
    own.events.reply({ kind: "done", batch: 1, bytes: new ArrayBuffer(8), length: 5 });
    expect(await other).toEqual(new Uint8Array(5));
    // It has answered these already.
    own.events.reply({ kind: "done", batch: 1, bytes: new ArrayBuffer(8), length: 5 });
  });

  test("that ends fails what it has and what comes, is told of once, and is sent nothing more", async () => {
    const { thread, own, ended, process } = started();
    own.ready();
    const lost = failureOf(process());
    own.events.ended(broken);
    own.events.ended(new Error("again"));
    const gone = { code: "ERR_WORKER", cause: broken };
    expect(await lost).toMatchObject(gone);
    expect(await failureOf(process())).toMatchObject(gone);
    thread.post({ kind: "forget", message: 1 }, []);
    expect(own.posted).toEqual(["seal"]);
    expect(ended.mock.calls).toEqual([[thread]]);
  });

  test("that ends before it has started did not start", async () => {
    const { thread, own } = started();
    const starting = failureOf(thread.started("native"));
    own.events.ended(broken);
    expect(await starting).toMatchObject({ code: "ERR_WORKER", cause: broken });
    expect(((await starting) as Error).message).toContain("could not be started");
  });

  test("that is ended by the pool gets no more batches from then on", async () => {
    const { thread, own, ended, process } = started();
    own.ready();
    const lost = failureOf(process());
    await thread.terminate();
    expect(await lost).toMatchObject({ code: "ERR_WORKER", cause: { message: "the pool was closed" } });
    expect([own.terminated, ended.mock.calls.length]).toEqual([1, 1]);
  });
});

describe("a pool", () => {
  function made(threads = 2) {
    const own = ownThreads();
    const pool = new SegmentPool({ threads, spawn: own.spawn });
    const message = () => new PooledSegments(pool, "wasm", keys());
    return { pool, message, ...own };
  }
  const reserveAndSeal = async (cipher: PooledSegments, length?: number) => {
    await cipher.reserve();
    return failureOf(cipher.seal(batch(length)));
  };

  test("starts threads as they are needed, and gives a batch to the one that has the fewest", async () => {
    const { message, threads } = made(2);
    const cipher = message();
    const working = [reserveAndSeal(cipher)];
    await turn();
    expect(threads.length).toBe(1);
    threads[0]?.ready();
    await turn();
    working.push(reserveAndSeal(cipher));
    await turn();
    expect(threads.length).toBe(2);
    threads[1]?.ready();
    await turn();
    working.push(reserveAndSeal(cipher), reserveAndSeal(cipher));
    await turn();
    expect(threads.map(({ waiting }) => waiting)).toEqual([2, 2]);
    threads[1]?.answer();
    await turn();
    working.push(reserveAndSeal(cipher));
    await turn();
    expect(threads.map(({ waiting }) => waiting)).toEqual([2, 2]);
    for (const thread of [...threads, ...threads]) thread.answer();
    for (const one of working) expect(await one).toEqual(wanted());
    // Each thread got the keys once, before its first batch.
    expect(threads.map(({ posted }) => posted)).toEqual([
      ["keys", "seal", "seal"],
      ["keys", "seal", "seal", "seal"],
    ]);
    expect(threads.flatMap(({ transfers }) => transfers)).toEqual(Array(7).fill(true));
    cipher.dispose();
    cipher.dispose();
    expect(threads.map(({ posted }) => posted.filter((kind) => kind === "forget").length)).toEqual([1, 1]);
  });

  test("uses a thread that has nothing to do before it starts another", async () => {
    const { message, threads } = made(2);
    const cipher = message();
    for (let i = 0; i < 3; i++) {
      const working = reserveAndSeal(cipher);
      await turn();
      threads[0]?.ready();
      await turn();
      threads[0]?.answer();
      expect(await working).toEqual(wanted());
    }
    expect(threads.length).toBe(1);
    cipher.dispose();
  });

  test("has two places for each thread, shared by all messages; a message that ends gives back its own", async () => {
    const { message, threads } = made(1);
    const [one, other] = [message(), message()];
    expect([one.parallelBatches, one.batchSegments]).toEqual([2, pooledBatchSegments(SIZE)]);
    expect([one.reserve(), one.reserve()]).toEqual([undefined, undefined]);
    const waiting = other.reserve();
    const later = other.reserve();
    let free = 0;
    for (const place of [waiting, later]) void place?.then(() => free++);
    await turn();
    expect(free).toBe(0);
    const working = failureOf(one.seal(batch()));
    await turn();
    threads[0]?.ready();
    await turn();
    threads[0]?.answer();
    expect(await working).toEqual(wanted());
    await turn();
    expect(free).toBe(1);
    one.dispose();
    await turn();
    expect(free).toBe(2);
    other.dispose();
    // All places are free again, and no more.
    const third = message();
    expect([third.reserve(), third.reserve()]).toEqual([undefined, undefined]);
    const beyond = third.reserve();
    expect(beyond).toBeInstanceOf(Promise);
    third.dispose();
    await beyond;
    expect(() => third.reserve()).toThrow(expect.objectContaining({ code: "ERR_STATE" }));
    // A message that has ended seals nothing, and gives back no place that it did not take.
    await expect(third.seal(batch())).rejects.toMatchObject({ code: "ERR_STATE" });
    const fourth = message();
    expect([fourth.reserve(), fourth.reserve()]).toEqual([undefined, undefined]);
    expect(fourth.reserve()).toBeInstanceOf(Promise);
    fourth.dispose();
  });

  test("gives a result in its own array, or at the front of the caller's", async () => {
    const { message, threads } = made(1);
    const cipher = message();
    const into = new Uint8Array(130).fill(1);
    await cipher.reserve();
    const sealing = cipher.seal(batch(), into);
    await turn();
    threads[0]?.ready();
    await turn();
    threads[0]?.answer();
    const sealed = await sealing;
    expect([sealed.buffer, sealed.byteOffset, sealed.length]).toEqual([into.buffer, 0, 116]);
    expect(into).toEqual(new Uint8Array([...wanted(), ...new Uint8Array(14).fill(1)]));
    await cipher.reserve();
    const opening = cipher.open({ ...batch(), bytes: sealed });
    await turn();
    threads[0]?.answer();
    expect(await opening).toEqual(batch().bytes);
    await cipher.reserve();
    await expect(cipher.open({ ...batch(), bytes: new Uint8Array(15) })).rejects.toMatchObject({
      code: "ERR_AUTHENTICATION",
    });
    cipher.dispose();
  });

  test("ends its threads after ten seconds without work, and starts others afterwards", async () => {
    const { pool, threads } = made(1);
    const starting = pool.start("native");
    threads[0]?.ready();
    await starting;
    await vi.advanceTimersByTimeAsync(9_999);
    expect(threads[0]?.terminated).toBe(0);
    const again = pool.start("native");
    await again;
    await vi.advanceTimersByTimeAsync(9_999);
    expect(threads[0]?.terminated).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect([threads[0]?.terminated, threads.length]).toEqual([1, 1]);
    const another = pool.start("native");
    threads[1]?.ready();
    await another;
    expect(threads.length).toBe(2);
    await pool.close();
    expect(threads.map(({ terminated }) => terminated)).toEqual([1, 1]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("does not count the time in which a batch is worked on", async () => {
    const { message, threads } = made(1);
    const cipher = message();
    const working = reserveAndSeal(cipher);
    await turn();
    threads[0]?.ready();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(threads[0]?.terminated).toBe(0);
    threads[0]?.answer();
    expect(await working).toEqual(wanted());
    cipher.dispose();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(threads[0]?.terminated).toBe(1);
  });

  test("that closes takes no more, waits for what it has, and ends its threads once", async () => {
    const { pool, message, threads } = made(1);
    const cipher = message();
    const working = reserveAndSeal(cipher);
    await turn();
    threads[0]?.ready();
    await turn();
    let isClosed = false;
    const closing = pool.close();
    expect(pool.close()).toBe(closing);
    void closing.then(() => {
      isClosed = true;
    });
    await turn();
    expect([isClosed, threads[0]?.terminated]).toEqual([false, 0]);
    await expect(pool.start("wasm")).rejects.toMatchObject({ code: "ERR_STATE" });
    expect(await reserveAndSeal(cipher)).toMatchObject({ code: "ERR_STATE" });
    threads[0]?.answer();
    expect(await working).toEqual(wanted());
    await closing;
    expect([isClosed, threads[0]?.terminated, vi.getTimerCount()]).toEqual([true, 1, 0]);
    cipher.dispose();
  });

  test("where a thread does not start gives its work to another, and starts no more until it is idle", async () => {
    const { message, threads, state } = made(3);
    const cipher = message();
    const first = reserveAndSeal(cipher);
    await turn();
    threads[0]?.ready();
    await turn();
    const second = reserveAndSeal(cipher);
    await turn();
    threads[1]?.ready({ kind: "ready", engineFailure: { code: "ERR_WASM", message: "no room" } });
    await turn();
    expect([threads[0]?.waiting, threads[1]?.terminated]).toEqual([2, 1]);
    const third = reserveAndSeal(cipher);
    await turn();
    expect(threads.length).toBe(2);
    for (let i = 0; i < 3; i++) threads[0]?.answer();
    for (const one of [first, second, third]) expect(await one).toEqual(wanted());
    await turn();
    // Idle: it may try again. A thread that the system refuses is no failure while another runs.
    const fourth = reserveAndSeal(cipher);
    await turn();
    state.refuses = broken;
    const fifth = reserveAndSeal(cipher);
    await turn();
    for (let i = 0; i < 2; i++) threads[0]?.answer();
    for (const one of [fourth, fifth]) expect(await one).toEqual(wanted());
    cipher.dispose();
  });

  test("where none starts fails with why, and tries again with the next message", async () => {
    const { message, threads, state } = made(2);
    state.refuses = broken;
    const cipher = message();
    expect(await reserveAndSeal(cipher)).toMatchObject({ code: "ERR_WORKER", cause: broken });
    state.refuses = undefined;
    const failing = reserveAndSeal(cipher);
    await turn();
    threads[0]?.ready({ kind: "ready", engineFailure: { code: "ERR_LIMIT", message: "no room" } });
    expect(await failing).toMatchObject({ code: "ERR_LIMIT" });
    expect(threads[0]?.terminated).toBe(1);
    const working = reserveAndSeal(cipher);
    await turn();
    threads[1]?.ready();
    await turn();
    threads[1]?.answer();
    expect(await working).toEqual(wanted());
    cipher.dispose();
  });
});

test("batches have four segments, or as many as 256 KiB hold if these are fewer, and at least one", () => {
  expect([4_096, 2 ** 16, 2 ** 17, 2 ** 18, 2 ** 24].map(pooledBatchSegments)).toEqual([4, 4, 2, 1, 1]);
});
