import { LanelockError } from "../../errors.ts";

/**
 * The one error for every message that cannot be opened: an attacker must not learn which check failed. `cause` is set only if
 * the KMS refused the data key.
 */
export function notAuthentic(cause?: unknown): LanelockError {
  return new LanelockError(
    "ERR_AUTHENTICATION",
    "Not authentic: this is not an envelope message, it was changed or cut, or it was sealed with another encryption context or key",
    cause === undefined ? undefined : { cause },
  );
}
