import type { KeyStore } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { expect, test } from "vitest";
import type { StoreReader } from "../../../src/kms/ports/index.ts";
import { TABLES } from "../../../src/kms/rows/row-mac.ts";
import type { TrustedStore } from "../../../src/kms/rows/trusted-store.ts";
import { bareContext } from "../bare-context.ts";

/** The present rows, as a database with snapshots shows them to a transaction that began now. `seals` waits for `gate`. */
async function snapshot(store: KeyStore, gate: Promise<void>, onScan: () => void): Promise<StoreReader> {
  const { metas, seals } = await store.read(async (rows) => {
    const found = new Map<string, [string, string][]>();
    for (const table of TABLES) {
      const list: [string, string][] = [];
      await rows.seals(table, (name, mac) => void list.push([name, mac]));
      found.set(table, list);
    }
    return { metas: await rows.metas(), seals: found };
  });
  const reader: Partial<StoreReader> = {
    meta: async (name) => metas.find((meta) => meta.name === name)?.value,
    metas: async () => metas,
    async seals(table, take) {
      onScan();
      await gate;
      for (const [name, mac] of seals.get(table) ?? []) take(name, mac);
    },
  };
  return reader as StoreReader;
}

test("a scan of all rows that a later read has overtaken is begun again", async () => {
  const store = memoryStore();
  const rows = (await bareContext(store)).core.rows;
  const other = (await bareContext(store)).core.rows;
  const put = (of: TrustedStore, value: number) => of.write((writer) => writer.putMeta("fact", Uint8Array.of(value)));
  const fact = () => rows.read((reader) => reader.meta("fact"));
  await put(rows, 0);
  // More rows than the journal holds: whoever has not followed must scan.
  for (let i = 0; i < 200; i++) await other.write((writer) => writer.putMeta(`other-${i}`, Uint8Array.of(1)));
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  let scanning = () => {};
  const begun = new Promise<void>((resolve) => {
    scanning = resolve;
  });
  const before = await snapshot(store, gate, scanning);
  await put(other, 201);

  const read = store.read.bind(store);
  let reads = 0;
  store.read = (work) => {
    reads += 1;
    return reads === 1 ? work(before) : read(work);
  };
  const overtaken = fact();
  await begun;
  expect(await fact()).toEqual(Uint8Array.of(201));
  open();
  // Not the value of its snapshot: this process has given out a later one.
  expect(await overtaken).toEqual(Uint8Array.of(201));
  expect(reads).toBe(3);
  expect(await fact()).toEqual(Uint8Array.of(201));
});
