import { describe, expect, test } from "vitest";
import { StoreKeys } from "../../../src/kms/root/store-keys.ts";
import { nextState, openState, type StoreState, sealState } from "../../../src/kms/rows/store-state.ts";
import { materialCipher } from "../../../src/providers/software/index.ts";
import { rootKey } from "../open-kms.ts";

const keys = new StoreKeys("store", rootKey, materialCipher);
const STATE: StoreState = { epoch: 7, generation: 3, root: "ab", since: 2, journal: [[7, "key a", "01"]] };
const changed = (...entries: [name: string, mac: string | null][]) => new Map(entries);

describe("a sealed state", () => {
  const sealed = sealState(keys, STATE);

  test("is a MAC of 32 bytes and JSON, and opens under the same keys of the same store", () => {
    expect(JSON.parse(new TextDecoder().decode(sealed.subarray(32)))).toEqual(STATE);
    expect(openState(keys, sealed)).toEqual(STATE);
    for (const others of [
      new StoreKeys("store", new Uint8Array(32), materialCipher),
      new StoreKeys("other", rootKey, materialCipher),
    ]) {
      expect(openState(others, sealed)).toBeUndefined();
    }
  });

  test("opens in no other form", () => {
    for (let at = 0; at < sealed.length; at++)
      expect(openState(keys, sealed.with(at, (sealed[at] ?? 0) ^ 1))).toBeUndefined();
    for (const length of [0, 31, 32, sealed.length - 1])
      expect(openState(keys, sealed.subarray(0, length))).toBeUndefined();
  });
});

describe("the state after a transaction", () => {
  test("is one epoch on, and one generation where callers see a difference", () => {
    const changes = changed(["key b", "02"]);
    expect(nextState(STATE, { changes, root: "cd", visible: true })).toEqual({
      ...{ epoch: 8, generation: 4, root: "cd", since: 2 },
      journal: [
        [7, "key a", "01"],
        [8, "key b", "02"],
      ],
    });
    expect(nextState(STATE, { changes, root: "cd", visible: false }).generation).toBe(3);
  });

  test("tells the latest change of a row alone", () => {
    const changes = changed(["key a", null], ["key b", "02"]);
    expect(nextState(STATE, { changes, root: "cd", visible: true }).journal).toEqual([
      [8, "key a", null],
      [8, "key b", "02"],
    ]);
  });

  test("tells 128 changes, and since when they are all", () => {
    let state: StoreState = { ...STATE, journal: [] };
    for (let n = 0; n < 128; n++)
      state = nextState(state, { changes: changed([`key ${n}`, "01"]), root: "", visible: true });
    expect([state.journal.length, state.since]).toEqual([128, 2]);
    state = nextState(state, { changes: changed(["key x", "01"], ["key y", "01"]), root: "", visible: true });
    expect([state.journal.length, state.since]).toEqual([128, 9]);
    expect(state.journal[0]).toEqual([10, "key 2", "01"]);
    expect(state.journal.at(-1)).toEqual([136, "key y", "01"]);
  });
});
