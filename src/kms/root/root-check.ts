import { LanelockError } from "../../errors.ts";
import { equalInConstantTime } from "../../shared/encoding.ts";
import { ROOT_CHECK } from "./metadata.ts";
import type { StoreKeys } from "./store-keys.ts";

interface Metadata {
  meta(name: string): Promise<Uint8Array | undefined>;
}

/** Refuses a store whose root key is another one. */
export async function requireSameRoot(rows: Metadata, keys: StoreKeys): Promise<void> {
  const check = await rows.meta(ROOT_CHECK);
  if (check !== undefined && equalInConstantTime(check, keys.rootCheck())) return;
  throw new LanelockError(
    "ERR_KEY",
    "The root key is not the one this store is kept under. If it was changed with rewrapStore, open the KMS with the new one.",
  );
}

/** Whether the root key fits and the store is one of lanelock 0.1, which kept no authenticated state. */
export async function isOfFirstFormat(rows: Metadata, keys: StoreKeys): Promise<boolean> {
  const check = await rows.meta(ROOT_CHECK);
  return check !== undefined && equalInConstantTime(check, keys.firstFormatRootCheck());
}
