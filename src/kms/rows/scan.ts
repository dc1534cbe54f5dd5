import type { StoreReader, StoreWriter } from "../ports/index.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import { RowIndex } from "./row-index.ts";
import { metaSeal, TABLES } from "./row-mac.ts";
import { STATE, type StoreState, sealState } from "./store-state.ts";

/** The MAC of every row that the store has. */
export async function indexOf(rows: StoreReader, keys: StoreKeys): Promise<RowIndex> {
  const names: string[] = [];
  const macs: string[] = [];
  const take = (name: string, mac: string) => {
    names.push(name);
    macs.push(mac);
  };
  for (const meta of await rows.metas()) if (meta.name !== STATE) take(`meta ${meta.name}`, metaSeal(keys, meta));
  for (const table of TABLES) await rows.seals(table, take);
  return new RowIndex(names, macs);
}

/** Accepts the present rows as the store's state: when it is made, upgraded, or put under another root key. */
export async function beginState(rows: StoreWriter, keys: StoreKeys, before?: StoreState): Promise<void> {
  const { root } = await indexOf(rows, keys);
  const epoch = (before?.epoch ?? 0) + 1;
  const state = { epoch, generation: (before?.generation ?? 0) + 1, root, since: epoch, journal: [] };
  await rows.putMeta(STATE, sealState(keys, state));
}
