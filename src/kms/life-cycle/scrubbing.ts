import { equalInConstantTime } from "../../shared/encoding.ts";
import { randomBytes } from "../../shared/random.ts";
import type { TrustedStore } from "../rows/trusted-store.ts";
import type { TrustedWriter } from "../rows/trusted-writer.ts";

/** Metadata key that marks a pending scrub. */
const OWED = "scrub-owed";

/**
 * Call it in the transaction that deletes rows with material, and {@link scrub} after it. If that fails, or the process ends
 * first, the next sweep of any process scrubs.
 */
export function markScrubPending(rows: Pick<TrustedWriter, "putMeta">): Promise<void> {
  return rows.putMeta(OWED, randomBytes(16));
}

/** Makes deleted material unrecoverable from the live database, if a scrub is pending. */
export async function scrub(store: TrustedStore): Promise<void> {
  const owed = await store.read((rows) => rows.meta(OWED));
  if (owed === undefined || owed.length === 0) return;
  await store.scrub();
  await store.write(
    async (rows) => {
      const now = await rows.meta(OWED);
      // Rows deleted since the scrub began wait for the next one.
      if (now !== undefined && equalInConstantTime(now, owed)) await rows.putMeta(OWED, new Uint8Array(0));
    },
    { visible: false },
  );
}
