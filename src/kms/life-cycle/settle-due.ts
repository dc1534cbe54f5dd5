import type { KmsContext } from "../core/kms-context.ts";
import { dueTransition } from "../policy/due.ts";
import { settle } from "./transitions.ts";

const BATCH = 100;

export interface DueResult {
  /** Keys whose due deletion, expiry or rotation was carried out. */
  readonly settled: number;
  /** Keys for which it failed, because a provider is down or missing. The next sweep tries again. */
  readonly failed: number;
}

/** Runs every due transition: deletions, expiries of key material, rotations. */
export async function settleDue(core: KmsContext): Promise<DueResult> {
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
        // The next sweep tries again. Meanwhile every call treats the key as if the transition had happened.
        failed++;
      }
    }
  }
}
