import type { KeyStore } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { ROOT_CHANGE } from "../../../src/kms/root/metadata.ts";
import { beginState } from "../../../src/kms/rows/scan.ts";
import { openState, STATE } from "../../../src/kms/rows/store-state.ts";
import type { TrustedStore } from "../../../src/kms/rows/trusted-store.ts";
import { type BareContext, bareContext } from "../bare-context.ts";

vi.mock("../../../src/shared/timers.ts", () => import("../../shared/late-timers.ts"));

// What the processes of a store know of each other: a change of the root key, anchors, and the count of changes.

let store: KeyStore;
let bare: BareContext;
let rows: TrustedStore;
let other: TrustedStore;
beforeEach(async () => {
  store = memoryStore();
  bare = await bareContext(store);
  ({ rows } = bare.core);
  other = (await bareContext(store)).core.rows;
});

const mark = (until: string) => other.write((writer) => writer.putMeta(ROOT_CHANGE, new TextEncoder().encode(until)));
const look = () => rows.read((reader) => reader.meta("fact"));

describe("a store whose root key is about to be changed", () => {
  test("is closed from the next look until the time that was set, or until it is called off", async () => {
    const now = Date.now();
    expect(rows.isClosed).toBe(false);
    vi.useFakeTimers({ toFake: ["Date"], now });
    try {
      await mark(String(now + 1_000));
      expect(rows.isClosed).toBe(false);
      await look();
      expect(rows.isClosed).toBe(true);
      vi.setSystemTime(now + 999);
      expect(rows.isClosed).toBe(true);
      vi.setSystemTime(now + 1_000);
      expect(rows.isClosed).toBe(false);
      vi.setSystemTime(now);
      expect(rows.isClosed).toBe(true);
      await mark("");
      await look();
      expect(rows.isClosed).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });

  test("tells whoever watches, also one that begins to when it is closed already", async () => {
    const told: string[] = [];
    rows.watchClosing(() => told.push("early"));
    await look();
    expect(told).toEqual([]);
    await mark(String(Date.now() + 60_000));
    expect(told).toEqual([]);
    await look();
    expect(told).toEqual(["early"]);
    rows.watchClosing(() => told.push("late"));
    expect(told).toEqual(["early", "late"]);
    await mark(String(Date.now() - 1));
    await look();
    expect(told).toHaveLength(2);
  });
});

describe("an anchor of an audit chain", () => {
  const anchor = (sequence: number) => ({
    ...{ chainId: "chain", location: "/x", sequence, head: Uint8Array.of(sequence), length: sequence, at: 1 },
  });

  test("is stored without that callers see a change, and only ever moves on", async () => {
    const before = await rows.generation();
    expect(await rows.storedAnchor("chain")).toBeUndefined();
    for (const sequence of [0, 3, 3, 4]) expect(await rows.anchor(anchor(sequence))).toBe(true);
    expect(await rows.anchor(anchor(3))).toBe(false);
    expect(await other.storedAnchor("chain")).toMatchObject(anchor(4));
    expect([await rows.generation(), await other.generation()]).toEqual([before, before]);
  });
});

test("a state that begins again goes on counting, so that nothing read before seems current", async () => {
  await rows.write((writer) => writer.putMeta("fact", Uint8Array.of(1)));
  const { keys } = bare.core;
  const before = { epoch: 5, generation: 7, root: "", since: 1, journal: [] };
  await store.write((writer) => beginState(writer, keys, before));
  const state = () => store.read(async (reader) => openState(keys, (await reader.meta(STATE)) ?? new Uint8Array()));
  expect(await state()).toMatchObject({ epoch: 6, generation: 8, since: 6, journal: [] });
  await store.write((writer) => beginState(writer, keys));
  expect(await state()).toMatchObject({ epoch: 1, generation: 1, since: 1 });
});

test("another history of as many changes is not the one that this process has seen", async () => {
  const put = (of: TrustedStore, value: number) => of.write((writer) => writer.putMeta("fact", Uint8Array.of(value)));
  const raw = (name: string) => store.read(async (reader) => (await reader.meta(name)) ?? new Uint8Array());
  await put(rows, 1);
  const [state, fact] = [await raw(STATE), await raw("fact")];
  await put(rows, 2);
  await store.write(async (writer) => {
    await writer.putMeta(STATE, state);
    await writer.putMeta("fact", fact);
  });
  const unknowing = (await bareContext(store)).core.rows;
  await put(unknowing, 3);
  await expect(look()).rejects.toMatchObject({
    code: "ERR_INTEGRITY",
    message: expect.stringMatching(/is not the one/),
  });
  await expect(put(rows, 4)).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
});
