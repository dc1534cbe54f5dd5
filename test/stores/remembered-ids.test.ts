import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { KeyStore } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import { expect, test } from "vitest";
import type { RememberedId } from "../../src/kms/ports/index.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";

const folder = scratchFolder("remembered-ids");
const soon = () => Date.now() + 60_000;
const entry = (id = randomBytes(16), until = soon()) => ({ id, until });

async function opened(name: string) {
  const store = sqlStore({ path: join(folder, name) });
  await store.open();
  return { remember: (entries: readonly RememberedId[]) => remembered(store, entries), close: () => store.close() };
}

async function remembered(store: KeyStore, entries: readonly RememberedId[]): Promise<readonly boolean[]> {
  return (await store.remember?.(entries)) ?? [];
}

test("ids are new once in all openings of a file, in batches of any size that come in any order", async () => {
  const stores = [await opened("a.db"), await opened("a.db"), await opened("a.db")];
  const known = new Set<string>();
  for (let round = 0; round < 60; round++) {
    const store = stores[round % 3 === 0 ? 0 : Math.floor(Math.random() * 3)];
    const old = [...known].slice(-40).map((hex) => entry(Buffer.from(hex, "hex")));
    const batch = [...Array.from({ length: 1 + (round % 37) }, () => entry()), ...old];
    const expected = batch.map(({ id }) => !known.has(id.toString("hex")));
    expect(await store?.remember(batch)).toEqual(expected);
    for (const { id } of batch) known.add(id.toString("hex"));
  }
  const late = await opened("a.db");
  const all = [...known].map((hex) => entry(Buffer.from(hex, "hex")));
  expect(await late.remember(all)).toEqual(all.map(() => false));
  for (const store of [...stores, late]) await store.close();
});

test("of many that claim one id at once, one has it", async () => {
  const stores = [await opened("b.db"), await opened("b.db")];
  for (let round = 0; round < 20; round++) {
    const same = entry();
    const claims = stores.flatMap((store) => [store.remember([same]), store.remember([entry(), same])]);
    const verdicts = (await Promise.all(claims)).map((isNew) => isNew.at(-1));
    expect(verdicts.filter(Boolean)).toHaveLength(1);
  }
  for (const store of stores) await store.close();
});
