import type { KmsContext } from "../core/kms-context.ts";
import { destroyExpiredTokens } from "../import/import-tokens.ts";
import { scrub } from "../life-cycle/scrubbing.ts";
import { type DueResult, settleDue } from "../life-cycle/settle-due.ts";

/** What a sweep did. `failed` counts one more while the database's files still hold deleted material that a reader keeps open. */
export type SweepResult = DueResult;

/**
 * A sweep that somebody asked for, and who learns that a key's row is gone or was put back. Sweeps by the timer have nobody to tell.
 *
 * @throws LanelockError `ERR_INTEGRITY`
 */
export async function checkedSweep(core: KmsContext): Promise<SweepResult> {
  await core.read((rows) => rows.requireWhole("key"));
  return sweep(core);
}

/** The periodic work of the KMS: due transitions, expired import tokens, deleted material. */
export async function sweep(core: KmsContext): Promise<SweepResult> {
  // An expired token is refused anyway; the next sweep tries again to destroy its key.
  await destroyExpiredTokens(core).catch(() => undefined);
  const { settled, failed } = await settleDue(core);
  try {
    await scrub(core.rows);
    return { settled, failed };
  } catch {
    return { settled, failed: failed + 1 };
  }
}
