import { describe, expect, test } from "vitest";
import { CachedAsymmetricKey, CachedKey } from "../../../src/kms/keys/cached-key.ts";
import { KeyCache } from "../../../src/kms/keys/key-cache.ts";
import type { AsymmetricKey } from "../../../src/kms/ports/index.ts";
import { performance } from "../../../src/shared/timers.ts";

class TestKey extends CachedKey {
  ended = false;
  protected end(): void {
    this.ended = true;
  }
}

test("a key that is dropped while it loads is given to its waiters, and not kept", async () => {
  const cache = new KeyCache<TestKey>({ maxKeys: 10, maxAgeMilliseconds: 60_000 });
  const key = new TestKey();
  let loaded = (_: TestKey) => {};
  const loading = cache.load("id", () => new Promise<TestKey>((resolve) => (loaded = resolve)));
  await Promise.resolve();
  cache.delete("id");
  loaded(key);
  expect(await loading).toBe(key);
  expect(cache.get("id", performance.now())).toBeUndefined();
  expect(key.ended).toBe(false);
  key.release();
  expect(key.ended).toBe(true);
});

test("a key that has reached its greatest age is not given out any more, used or not", async () => {
  const now = performance.now;
  try {
    performance.now = () => 5_000;
    const cache = new KeyCache<TestKey>({ maxKeys: 10, maxAgeMilliseconds: 1_000 });
    const [got, expired] = [new TestKey(), new TestKey()];
    (await cache.load("got", () => got)).release();
    (await cache.load("expired", () => expired)).release();
    expect(cache.get("got", 5_999)).toBe(got);
    cache.expire(5_999);
    expect(expired.ended).toBe(false);
    expect(cache.get("got", 6_000)).toBeUndefined();
    cache.expire(6_000);
    expect([got.ended, expired.ended]).toEqual([true, true]);
  } finally {
    performance.now = now;
  }
});

describe("a cache of two keys", () => {
  const open = () => new KeyCache<TestKey>({ maxKeys: 2, maxAgeMilliseconds: 60_000 });
  const add = async (cache: KeyCache<TestKey>, id: string) => {
    const key = await cache.load(id, () => new TestKey());
    key.release();
    return key;
  };

  test("wipes the one that was not used for longest when a third comes", async () => {
    const cache = open();
    const [a, b] = [await add(cache, "a"), await add(cache, "b")];
    const later = performance.now() + 1_000;
    cache.get("b", later);
    cache.get("a", later + 1);
    const c = await add(cache, "c");
    expect([a.ended, b.ended, c.ended]).toEqual([false, true, false]);
    expect([cache.get("a", later), cache.get("b", later), cache.get("c", later)]).toEqual([a, undefined, c]);
  });

  test("wipes the one that was not used for longest, also where it came first", async () => {
    const cache = open();
    const [a, b] = [await add(cache, "a"), await add(cache, "b")];
    const later = performance.now() + 1_000;
    cache.get("a", later);
    cache.get("b", later + 1);
    await add(cache, "c");
    expect([a.ended, b.ended, cache.size]).toEqual([true, false, 2]);
  });

  test("wipes an evicted key only once the calls that hold it end", async () => {
    const cache = open();
    const held = await cache.load("held", () => new TestKey());
    const again = await cache.load("held", () => new TestKey());
    expect(again).toBe(held);
    cache.delete("held");
    expect(cache.get("held", performance.now())).toBeUndefined();
    held.release();
    expect(held.ended).toBe(false);
    held.release();
    expect(held.ended).toBe(true);
  });

  test("loads a key once for all who ask at the same time, and holds it for each", async () => {
    const cache = open();
    let loads = 0;
    const load = async () => {
      loads++;
      return new TestKey();
    };
    const [one, other] = await Promise.all([cache.load("id", load), cache.load("id", load)]);
    expect(one).toBe(other);
    expect(loads).toBe(1);
    cache.delete("id");
    one.release();
    expect(one.ended).toBe(false);
    other.release();
    expect(one.ended).toBe(true);
  });

  test("does not remember a load that failed", async () => {
    const cache = open();
    const failing = () => cache.load("id", () => Promise.reject(new Error("gone")));
    await expect(Promise.all([failing(), failing()])).rejects.toThrow("gone");
    expect(await add(cache, "id")).toBe(cache.get("id", performance.now()));
  });

  test("wipes every key when it is closed, and keeps none that is loaded later", async () => {
    const cache = open();
    const keys = [await add(cache, "a"), await add(cache, "b")];
    cache.close();
    expect(keys.map(({ ended }) => ended)).toEqual([true, true]);
    const late = await add(cache, "late");
    expect(late.ended).toBe(true);
    expect(cache.get("late", performance.now())).toBeUndefined();
  });
});

test("a cache of no keys keeps none", async () => {
  const cache = new KeyCache<TestKey>({ maxKeys: 0, maxAgeMilliseconds: 60_000 });
  const key = await cache.load("id", () => new TestKey());
  expect(cache.get("id", performance.now())).toBeUndefined();
  expect(key.ended).toBe(false);
  key.release();
  expect(key.ended).toBe(true);
});

test("the private key of a cached one is disposed of with it", () => {
  let disposals = 0;
  const key = { dispose: () => void disposals++ } as unknown as AsymmetricKey;
  const cached = new CachedAsymmetricKey("version", key);
  expect([cached.versionId, cached.key]).toEqual(["version", key]);
  cached.hold();
  cached.dispose();
  expect(disposals).toBe(0);
  cached.release();
  expect(disposals).toBe(1);
});

test("a key is wiped once, however often it is dropped", () => {
  let ends = 0;
  const key = new (class extends CachedKey {
    protected end(): void {
      ends++;
    }
  })();
  key.hold();
  key.release();
  expect(ends).toBe(0);
  key.dispose();
  key.dispose();
  expect(ends).toBe(1);
});
