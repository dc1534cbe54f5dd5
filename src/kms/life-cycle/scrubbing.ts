import { equalInConstantTime } from "../../shared/encoding.ts";
import { randomBytes } from "../../shared/random.ts";
import type { KeyStore, StoreWriter } from "../ports/index.ts";

/** Names what says that rows with material were deleted and the database has yet to be scrubbed of them. */
const OWED = "scrub-owed";

/**
 * Call it in the transaction that deletes rows with material, and {@link scrub} behind it: where that fails, or the process ends
 * before, the next sweep of any process makes up for it.
 */
export function markScrubPending(rows: Pick<StoreWriter, "putMeta">): Promise<void> {
  return rows.putMeta(OWED, randomBytes(16));
}

/** Makes what was deleted unrecoverable from the live database, if anything was since the last time. */
export async function scrub(store: KeyStore): Promise<void> {
  const owed = await store.read((rows) => rows.meta(OWED));
  if (owed === undefined || owed.length === 0) return;
  await store.scrub();
  await store.write(async (rows) => {
    const now = await rows.meta(OWED);
    // Something else that was deleted meanwhile is still owed.
    if (now !== undefined && equalInConstantTime(now, owed)) await rows.putMeta(OWED, new Uint8Array(0));
  });
}
