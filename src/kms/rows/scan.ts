import type { StoreReader, StoreWriter } from "../ports/index.ts";
import type { StoreKeys } from "../root/store-keys.ts";
import { RowIndex } from "./row-index.ts";
import { metaSeal, TABLES } from "./row-mac.ts";
import { STATE, type StoreState, sealState } from "./store-state.ts";

/** The MAC of every row that the store has. */
export async function indexOf(rows: StoreReader, keys: StoreKeys): Promise<RowIndex> {
  const macs = new Map<string, string>();
  for (const meta of await rows.metas()) {
    if (meta.name !== STATE) macs.set(`meta ${meta.name}`, metaSeal(keys, meta));
  }
  for (const table of TABLES) await rows.seals(table, (name, mac) => macs.set(name, mac));
  return new RowIndex(macs);
}

/** Accepts the present rows as the store's state: when it is made, upgraded, or put under another root key. */
export async function beginState(rows: StoreWriter, keys: StoreKeys, before?: StoreState): Promise<void> {
  const { root } = await indexOf(rows, keys);
  const epoch = (before?.epoch ?? 0) + 1;
  const state = { epoch, generation: (before?.generation ?? 0) + 1, root, since: epoch, journal: [] };
  await rows.putMeta(STATE, sealState(keys, state));
}
