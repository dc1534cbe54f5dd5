import { LanelockError } from "lanelock";
import type { KeyStore } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { beforeEach, describe, expect, test } from "vitest";
import type { TrustedStore } from "../../../src/kms/rows/trusted-store.ts";
import { bareContext } from "../bare-context.ts";

let store: KeyStore;
let rows: TrustedStore;
let other: TrustedStore;
beforeEach(async () => {
  store = memoryStore();
  rows = (await bareContext(store)).core.rows;
  other = (await bareContext(store)).core.rows;
});

const put = (of: TrustedStore, value: number, visible?: boolean) =>
  of.write((writer) => writer.putMeta("fact", Uint8Array.of(value)), visible === undefined ? {} : { visible });
const fact = (of: TrustedStore) => of.read((reader) => reader.meta("fact"));

describe("a change", () => {
  test("is seen by every process, and counted where callers see a difference", async () => {
    await put(rows, 1);
    const before = await rows.generation();
    expect([await fact(other), await other.generation()]).toEqual([Uint8Array.of(1), before]);
    await put(other, 2, false);
    expect([await fact(rows), await rows.generation()]).toEqual([Uint8Array.of(2), before]);
    await put(rows, 3);
    expect([await fact(other), await other.generation()]).toEqual([Uint8Array.of(3), before + 1]);
  });

  test("that fails leaves everything as it was, and its own error", async () => {
    await put(rows, 1);
    for (const thrown of [new TypeError("no"), "text", undefined, new LanelockError("ERR_ARGUMENT", "no")]) {
      const failing = rows.write(async (writer) => {
        await writer.putMeta("fact", Uint8Array.of(2));
        throw thrown;
      });
      expect(
        await failing.then(
          () => "done",
          (reason) => ({ reason }),
        ),
      ).toEqual({ reason: thrown });
      expect([await fact(rows), await fact(other)]).toEqual([Uint8Array.of(1), Uint8Array.of(1)]);
    }
  });

  test("of nothing is no transaction of the store's count", async () => {
    const before = await store.read((reader) => reader.meta("state"));
    expect(await rows.write(async () => 7)).toBe(7);
    expect(await store.read((reader) => reader.meta("state"))).toEqual(before);
  });
});

describe("what a store throws", () => {
  test("is a failure of the store, by its name, unless it is an error of ours", async () => {
    const own = new LanelockError("ERR_STORE", "disk full");
    for (const [thrown, expected] of [
      [own, own],
      [
        new Error("gone"),
        { code: "ERR_STORE", message: `${store.name}: the store failed: gone`, cause: { message: "gone" } },
      ],
    ] as const) {
      store.read = () => Promise.reject(thrown);
      store.write = () => Promise.reject(thrown);
      store.claim = () => Promise.reject(thrown);
      store.scrub = () => Promise.reject(thrown);
      for (const work of [() => fact(rows), () => put(rows, 1), () => rows.claim("a"), () => rows.scrub()]) {
        await expect(work()).rejects.toMatchObject(expected);
      }
    }
  });

  test("after the work has failed is the store's failure, not the work's", async () => {
    const write = store.write.bind(store);
    store.write = (work) =>
      write(work).catch(() => {
        throw new Error("rollback failed");
      });
    const failing = rows.write(() => Promise.reject(new TypeError("no")));
    await expect(failing).rejects.toMatchObject({ code: "ERR_STORE", cause: { message: "rollback failed" } });
  });
});

describe("a state", () => {
  const raw = () => store.read((reader) => reader.meta("state"));
  const putRaw = (value: Uint8Array) => store.write((writer) => writer.putMeta("state", value));

  test("older than one that this process has seen is refused by it", async () => {
    await put(rows, 1);
    const older = (await raw()) ?? new Uint8Array();
    await put(rows, 2);
    await putRaw(older);
    await expect(fact(rows)).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
    await expect(put(rows, 3)).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
    // A process that has seen neither compares the state with the rows.
    await expect(other.load()).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
  });

  test("that is gone or changed is refused by every process", async () => {
    await put(rows, 1);
    const good = (await raw()) ?? new Uint8Array();
    for (const wrong of [good.with(0, (good[0] ?? 0) ^ 1), good.with(40, (good[40] ?? 0) ^ 1), new Uint8Array(0)]) {
      await putRaw(wrong);
      for (const one of [rows, other]) await expect(fact(one)).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
    }
    await putRaw(good);
    expect(await fact(rows)).toEqual(Uint8Array.of(1));
  });
});

test("ids are remembered by a store that several processes can use", async () => {
  expect(rows.remember).toBeUndefined();
  store.remember = async (entries) => entries.map(({ until }) => until > 1);
  const id = new Uint8Array(16);
  expect(
    await rows.remember?.([
      { id, until: 1 },
      { id, until: 2 },
    ]),
  ).toEqual([false, true]);
});

test("claims and scrubs reach the store", async () => {
  const claim = await rows.claim("a");
  expect(claim?.lost).toBe(false);
  expect(await other.claim("a")).toBeUndefined();
  await claim?.release();
  expect(await other.claim("a")).toBeDefined();
  let scrubs = 0;
  store.scrub = async () => void scrubs++;
  await rows.scrub();
  expect(scrubs).toBe(1);
});

test("an anchor of an audit chain only moves on, whichever process writes it", async () => {
  const anchor = (sequence: number) => ({
    ...{ chainId: "chain", location: "/log", sequence, head: new Uint8Array(32).fill(sequence), length: 1, at: 1 },
  });
  expect([await rows.anchor(anchor(5)), await other.anchor(anchor(4))]).toEqual([true, false]);
  expect(await rows.storedAnchor("chain")).toMatchObject(anchor(5));
  expect([await other.anchor(anchor(6)), await rows.anchor(anchor(5))]).toEqual([true, false]);
  expect(await other.storedAnchor("chain")).toMatchObject(anchor(6));
});
