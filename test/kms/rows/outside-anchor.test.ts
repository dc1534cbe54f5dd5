import { beforeEach, describe, expect, test } from "vitest";
import { StoreKeys } from "../../../src/kms/root/store-keys.ts";
import { OutsideAnchor } from "../../../src/kms/rows/outside-anchor.ts";
import { materialCipher } from "../../../src/providers/software/index.ts";
import { rootKey } from "../open-kms.ts";

const keys = new StoreKeys("store", rootKey, materialCipher);
const refusal = (problem: string) => ({
  ...{ code: "ERR_INTEGRITY", message: expect.stringContaining(`(the test): ${problem}`) },
});

let text: unknown;
let writes: string[];
beforeEach(() => {
  text = undefined;
  writes = [];
});
const place = {
  name: "the test",
  read: async () => text,
  write: async (next: string) => {
    writes.push(next);
    text = next;
  },
};
const anchor = (begin = false) => new OutsideAnchor({ place, begin });
const epochOf = (written: unknown) => JSON.parse(String(written)).epoch;

/** An anchor that stands at an epoch. */
async function opened(epoch: number): Promise<OutsideAnchor> {
  const made = anchor();
  await made.check(keys, { epoch, anchored: false });
  writes = [];
  return made;
}

describe("an empty store", () => {
  test("may be begun where the anchor says nothing", async () => {
    for (const nothing of [undefined, null, "", " \n", 5, {}]) {
      text = nothing;
      await anchor().requireUnused();
    }
  });

  test("is refused where the anchor says something, until it begins again", async () => {
    text = "anything";
    await expect(anchor().requireUnused()).rejects.toMatchObject(refusal("the store is empty"));
    await anchor(true).requireUnused();
  });
});

describe("at open", () => {
  test("the anchor is written with the store's id and epoch, on one line", async () => {
    await anchor().check(keys, { epoch: 5, anchored: false });
    expect(writes).toEqual([expect.stringMatching(/^\{"store":"store","epoch":5,"mac":"[0-9a-f]{64}"\}\n$/)]);
  });

  test("a store at the anchor's epoch or a later one is accepted, and an older one is not", async () => {
    await opened(5);
    await anchor().check(keys, { epoch: 5, anchored: true });
    await anchor().check(keys, { epoch: 6, anchored: true });
    const older = anchor().check(keys, { epoch: 5, anchored: true });
    await expect(older).rejects.toMatchObject(refusal("the store is at transaction 5, and was at 6 before"));
    expect(epochOf(text)).toBe(6);
  });

  test("an anchor that is gone is refused only where there was one", async () => {
    await expect(anchor().check(keys, { epoch: 5, anchored: true })).rejects.toMatchObject(
      refusal("the anchor is gone"),
    );
    expect(writes).toEqual([]);
    await anchor().check(keys, { epoch: 5, anchored: false });
  });

  test("with { begin: true } the store is accepted as it is, and the anchor is written", async () => {
    for (const before of [undefined, "nonsense"]) {
      text = before;
      await anchor(true).check(keys, { epoch: 5, anchored: true });
      expect(epochOf(text)).toBe(5);
    }
    await opened(9);
    await anchor(true).check(keys, { epoch: 2, anchored: true });
    expect(epochOf(text)).toBe(2);
  });

  test("an anchor of another store, of other keys, or in another form is refused", async () => {
    await opened(5);
    const good = JSON.parse(String(text));
    const check = (other: unknown) => {
      text = typeof other === "string" ? other : JSON.stringify(other);
      return anchor().check(keys, { epoch: 100, anchored: true });
    };
    await check(good);
    await expect(check({ ...good, store: "other" })).rejects.toMatchObject(
      refusal("the anchor is that of another store"),
    );
    const changed = refusal("the anchor was changed, or was written under another root key");
    for (const lie of [{ epoch: 4 }, { mac: good.mac.replace(/^./, "x") }, { mac: "" }]) {
      await expect(check({ ...good, ...lie })).rejects.toMatchObject(changed);
    }
    for (const lie of [{ store: 1 }, { epoch: "5" }, { mac: 1 }, { mac: undefined }, { epoch: undefined }]) {
      await expect(check({ ...good, ...lie })).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
    }
    for (const other of ["null", "[]", "5", '"store epoch mac"', "{"]) {
      await expect(check(other)).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
    }
    text = JSON.stringify(good);
    const others = new StoreKeys("store", new Uint8Array(32), materialCipher);
    await expect(anchor().check(others, { epoch: 100, anchored: true })).rejects.toMatchObject(changed);
  });
});

describe("after a change", () => {
  test("the anchor is at its epoch when advance returns, and is not written again for it", async () => {
    const made = await opened(5);
    await made.advance(5);
    expect(writes).toEqual([]);
    await made.advance(6);
    await made.advance(6);
    await made.advance(4);
    expect(writes.map(epochOf)).toEqual([6]);
  });

  test("changes at once are written together", async () => {
    const made = await opened(5);
    await Promise.all([made.advance(6), made.advance(8), made.advance(7)]);
    expect(writes.map(epochOf).at(-1)).toBe(8);
    expect(writes.length).toBeLessThan(3);
  });

  test("the anchor is not put back where another process is further on", async () => {
    const [one, other] = [await opened(5), await opened(5)];
    await other.advance(9);
    writes = [];
    await one.advance(7);
    expect([writes, epochOf(text)]).toEqual([[], 9]);
    await one.advance(10);
    expect(epochOf(text)).toBe(10);
    text = undefined;
    await one.advance(11);
    expect(epochOf(text)).toBe(11);
  });

  test("an anchor that was changed meanwhile is refused", async () => {
    const made = await opened(5);
    text = String(text).replace('"epoch":5', '"epoch":500');
    await expect(made.advance(6)).rejects.toMatchObject({ code: "ERR_INTEGRITY" });
  });

  test("of which there was none, an anchor that was never compared is an error of the program", async () => {
    await expect(anchor().advance(1)).rejects.toMatchObject({ code: "ERR_STATE" });
  });
});

test("a place that fails is named with what could not be done", async () => {
  const failing = (method: "read" | "write") =>
    new OutsideAnchor({ place: { ...place, [method]: () => Promise.reject(new Error("gone")) }, begin: false });
  for (const [method, done] of [
    ["read", "read"],
    ["write", "written"],
  ] as const) {
    await expect(failing(method).check(keys, { epoch: 1, anchored: false })).rejects.toMatchObject({
      ...{
        code: "ERR_STORE",
        message: expect.stringContaining(`(the test) cannot be ${done}`),
        cause: { message: "gone" },
      },
    });
  }
});
