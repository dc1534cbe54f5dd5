import type { Core } from "./core.ts";
import { destroyExpiredTokens } from "./import/import-tokens.ts";
import { dueTransition } from "./life-cycle.ts";
import { scrub } from "./scrubbing.ts";
import { settle } from "./transitions.ts";

const BATCH = 100;

export interface SweepResult {
  /** Keys whose due deletion, expiry or rotation was carried out. */
  readonly settled: number;
  /**
   * Keys it could not be carried out for: a provider is down or missing. One more where deleted material is still to be found in the
   * database's files, because somebody reads it. All are tried again.
   */
  readonly failed: number;
}

/** What a KMS does every minute. */
export async function sweep(core: Core): Promise<SweepResult> {
  const { settled, failed } = await settleDue(core);
  try {
    await scrub(core.store);
    return { settled, failed };
  } catch {
    return { settled, failed: failed + 1 };
  }
}

/** Carries out everything that is due: deletions, expiries of material and of import tokens, rotations. */
export async function settleDue(core: Core): Promise<SweepResult> {
  // An expired token admits nobody meanwhile; the next sweep tries again to destroy its key.
  await destroyExpiredTokens(core).catch(() => undefined);
  const seen = new Set<string>();
  let failed = 0;
  for (;;) {
    const due = await core.read((rows) => rows.dueKeys(core.now(), BATCH + seen.size));
    const fresh = due.filter((row) => !seen.has(row.keyId) && dueTransition(row, core.now()) !== undefined);
    if (fresh.length === 0) return { settled: seen.size - failed, failed };
    for (const row of fresh) {
      seen.add(row.keyId);
      try {
        await settle(core, row);
      } catch {
        // Tried again by the next sweep; meanwhile every call treats the key as if it had been done.
        failed++;
      }
    }
  }
}
