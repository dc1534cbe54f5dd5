import { describe, expect, test, vi } from "vitest";
import { InvocationCounter } from "../../../src/kms/keys/invocations.ts";
import type { TrustedStore } from "../../../src/kms/rows/trusted-store.ts";

vi.mock("../../../src/shared/timers.ts", () => import("../../shared/late-timers.ts"));

const LIMIT = 2 ** 32;
type Reserve = TrustedStore["reserve"];

/** A counter on a store that has reserved `count` for others, and what it asked the store for. */
function counterAt(count: number) {
  const asked: number[] = [];
  const state = { count, warnings: 0, failing: false };
  const reserve: Reserve = async ({ versionId, mode, amount, limit }) => {
    expect({ versionId, mode, limit }).toEqual({ versionId: "version", mode: "GCM", limit: LIMIT });
    asked.push(amount);
    if (state.failing) throw new Error("disk full");
    if (state.count + amount > limit) return undefined;
    state.count += amount;
    return state.count;
  };
  const onNearLimit = () => void state.warnings++;
  const counter = new InvocationCounter({ store: { reserve }, versionId: "version", mode: "GCM", onNearLimit });
  return { counter, asked, state };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("the invocations of a key object", () => {
  test("are none before any is reserved", () => {
    expect(counterAt(0).counter.take()).toBe(false);
  });

  test("are reserved in blocks that double, the next when half of the last is gone", async () => {
    const { counter, asked } = counterAt(0);
    await counter.takeReserved();
    expect(asked).toEqual([64]);
    for (let taken = 1; taken < 31; taken++) expect(counter.take()).toBe(true);
    expect(asked).toEqual([64]);
    expect(counter.take()).toBe(true);
    expect(asked).toEqual([64, 128]);
    await settled();
    // 32 are left of the first block, and 128 came: half of the 160 is 80.
    for (let taken = 0; taken < 79; taken++) expect(counter.take()).toBe(true);
    expect(asked).toEqual([64, 128]);
    expect(counter.take()).toBe(true);
    expect(asked).toEqual([64, 128, 256]);
  });

  test("are reserved by at most 2^20 at a time", async () => {
    const { counter, asked } = counterAt(0);
    for (let taken = 0; taken < 3 * 2 ** 20; taken++) if (!counter.take()) await counter.takeReserved();
    expect(Math.max(...asked)).toBe(2 ** 20);
    expect(asked.filter((amount) => amount === 2 ** 20).length).toBeGreaterThan(1);
  });

  test("are reserved once for all who wait", async () => {
    const { counter, asked, state } = counterAt(0);
    await Promise.all([counter.takeReserved(), counter.takeReserved(), counter.takeReserved()]);
    expect(asked).toEqual([64]);
    await counter.release();
    expect(state.count).toBe(3);
  });

  test("that were not used are given back, once", async () => {
    const { counter, asked, state } = counterAt(0);
    await counter.takeReserved();
    await counter.release();
    expect(state.count).toBe(1);
    expect(counter.take()).toBe(false);
    await counter.release();
    expect(asked).toEqual([64, -63]);
  });

  test("are given back with those of a block that was still being fetched", async () => {
    const { counter, state } = counterAt(0);
    await counter.takeReserved();
    for (let taken = 1; taken < 32; taken++) counter.take();
    await counter.release();
    expect(state.count).toBe(32);
  });

  test("warn once when fewer than a sixteenth are left", async () => {
    const near = LIMIT - LIMIT / 16;
    const { counter, state } = counterAt(near - 64);
    await counter.takeReserved();
    expect(state).toMatchObject({ count: near, warnings: 0 });
    for (let taken = 0; taken < 1_000; taken++) await counter.takeReserved();
    expect(state.warnings).toBe(1);
  });

  test("end at the limit: the last are had one by one, and then the key has no more", async () => {
    const { counter, asked, state } = counterAt(LIMIT - 3);
    for (let taken = 0; taken < 3; taken++) await counter.takeReserved();
    expect(state.count).toBe(LIMIT);
    await settled();
    await expect(counter.takeReserved()).rejects.toMatchObject({ code: "Rejected.LimitExceeded" });
    expect(asked.slice(0, 6)).toEqual([64, 32, 16, 8, 4, 2]);
    expect(asked.at(-1)).toBe(1);
  });
});

test("a block whose fetch ahead failed is tried again after a second, or when a call has to wait for it", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    const { counter, asked, state } = counterAt(0);
    await counter.takeReserved();
    state.failing = true;
    for (let taken = 1; taken < 32; taken++) counter.take();
    await settled();
    expect(asked).toEqual([64, 128]);
    vi.advanceTimersByTime(999);
    expect(counter.take()).toBe(true);
    expect(asked).toEqual([64, 128]);
    vi.advanceTimersByTime(1);
    expect(counter.take()).toBe(true);
    expect(asked).toEqual([64, 128, 128]);
    await settled();
    while (counter.take());
    await expect(counter.takeReserved()).rejects.toThrow("disk full");
    state.failing = false;
    await counter.takeReserved();
    expect(state.count).toBe(64 + 128);
  } finally {
    vi.useRealTimers();
  }
});
