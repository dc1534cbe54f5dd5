import { expect, test } from "vitest";
import { CachedKey } from "../../../src/kms/keys/cached-key.ts";
import { KeyCache } from "../../../src/kms/keys/key-cache.ts";
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
