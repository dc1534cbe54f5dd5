import { createHash } from "node:crypto";
import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { RowIndex } from "../../../src/kms/rows/row-index.ts";

const sha256 = (...parts: readonly Uint8Array[]) => createHash("sha256").update(Buffer.concat(parts)).digest();

/** The root of docs/kms.md: digests of the sorted MACs by their first byte, hashed together. */
function rootOf(macs: readonly string[]): string {
  const sorted = [...macs].sort().map((mac) => Buffer.from(mac, "hex"));
  return sha256(
    ...Array.from({ length: 256 }, (_, first) => sha256(...sorted.filter((mac) => mac[0] === first))),
  ).toString("hex");
}

const macOf = (seed: string | number) => createHash("sha256").update(String(seed)).digest("hex");
const indexOf = (rows: ReadonlyMap<string, string>) => new RowIndex([...rows.keys()], [...rows.values()]);

/** Few first bytes, and many MACs that agree in their first bytes. */
const mac = fc
  .tuple(
    fc.constantFrom("00", "7f", "ff"),
    fc.constantFrom("00000000", "80000000", "00000001"),
    fc.integer({ max: 40, min: 0 }),
  )
  .map(([first, next, rest]) => first + next + macOf(rest).slice(10));

const name = fc.oneof(
  fc.integer({ min: 0, max: 30 }).map((id) => `key key-${id}`),
  fc.tuple(fc.constantFrom("k", "l"), fc.constantFrom("a", "b", "ä b", "")).map(([key, tag]) => `tag ${key} ${tag}`),
  fc.string({ unit: "grapheme" }).map((text) => `alias alias/${text}`),
);

test("the root of any rows is the hash tree over their sorted MACs, also after changes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(name, mac)),
      fc.array(fc.array(fc.tuple(name, fc.option(mac)), { maxLength: 6 }), { maxLength: 4 }),
      (first, transactions) => {
        const rows = new Map(first);
        const index = indexOf(rows);
        expect(index.root).toBe(rootOf([...rows.values()]));
        for (const changes of transactions.map((list) => new Map(list))) {
          const before = index.root;
          const draft = index.draft(changes);
          expect(index.root).toBe(before);
          for (const [key, value] of changes) {
            if (value === null) rows.delete(key);
            else rows.set(key, value);
          }
          draft.adopt();
          expect(index.root).toBe(rootOf([...rows.values()]));
          expect(draft.root).toBe(index.root);
          expect(new Set(index.names())).toEqual(new Set(rows.keys()));
          for (const key of [...rows.keys(), ...changes.keys()]) expect(index.macOf(key)).toBe(rows.get(key) ?? null);
          for (const group of ["key ", "alias ", "tag k ", "tag l "]) {
            expect(index.count(group)).toBe([...rows.keys()].filter((key) => key.startsWith(group)).length);
          }
        }
      },
    ),
  );
});

test("an index of thousands of rows finds each, and no other, also when thousands have changed", () => {
  const rows = new Map(Array.from({ length: 3_000 }, (_, id) => [`version ${macOf(id).slice(0, 36)}`, macOf(id)]));
  const index = indexOf(rows);
  for (let id = 0; id < 6_000; id += 3) {
    const changes = new Map([[`version ${macOf(id).slice(0, 36)}`, id % 2 === 0 ? null : macOf(`new ${id}`)]]);
    index.draft(changes).adopt();
    for (const [key, value] of changes) value === null ? rows.delete(key) : rows.set(key, value);
  }
  for (let id = 0; id < 6_500; id++) {
    const key = `version ${macOf(id).slice(0, 36)}`;
    expect(index.macOf(key)).toBe(rows.get(key) ?? null);
  }
  expect([...index.names()].sort()).toEqual([...rows.keys()].sort());
  expect(index.root).toBe(rootOf([...rows.values()]));
});

test("two rows of one name are two rows", () => {
  const twice = new RowIndex(["tag k a b", "tag k a b"], [macOf(1), macOf(2)]);
  expect(twice.root).toBe(rootOf([macOf(1), macOf(2)]));
});

test("an index of no rows has a root", () => {
  expect(new RowIndex([], []).root).toBe(rootOf([]));
  expect(new RowIndex([], []).macOf("key k")).toBeNull();
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

test("where there is no Buffer, the index is the same", async () => {
  const rows = new Map(Array.from({ length: 500 }, (_, id) => [`version ${id}`, macOf(id)]));
  const expected = rootOf([...rows.values()]);
  vi.resetModules();
  vi.stubGlobal("Buffer", undefined);
  const { RowIndex: InAPage } = await import("../../../src/kms/rows/row-index.ts");
  const index = new InAPage([...rows.keys()], [...rows.values()]);
  const found = [...rows.keys()].map((key) => index.macOf(key));
  vi.unstubAllGlobals();
  expect(found).toEqual([...rows.values()]);
  expect(index.root).toBe(expected);
});
