import type { KeyStore } from "lanelock/kms";
import { StoreKeys } from "../../src/kms/root/store-keys.ts";
import { STATE } from "../../src/kms/rows/store-state.ts";
import { TrustedStore } from "../../src/kms/rows/trusted-store.ts";
import { materialCipher } from "../../src/providers/software/index.ts";
import { rootKey } from "./open-kms.ts";

/** The rows of an open store as another process with the test's root key writes them. */
export async function trustedRows(store: KeyStore): Promise<TrustedStore> {
  const storeId = await store.read((rows) => rows.meta("store-id"));
  return new TrustedStore(store, new StoreKeys(new TextDecoder().decode(storeId), rootKey, materialCipher));
}

/** How often callers could see a difference so far. */
export async function generationOf(store: KeyStore): Promise<number> {
  const state = (await store.read((rows) => rows.meta(STATE))) ?? new Uint8Array();
  return JSON.parse(new TextDecoder().decode(state.subarray(32))).generation;
}
