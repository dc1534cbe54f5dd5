import { LanelockError } from "../../errors.ts";

/**
 * The one answer to a message that cannot be opened, whichever way it was changed: which check failed is nothing an attacker
 * should learn. `cause` is there where the KMS refused the data key.
 */
export function notAuthentic(cause?: unknown): LanelockError {
  return new LanelockError(
    "ERR_AUTHENTICATION",
    "Not authentic: this is no envelope message, it was changed or cut, or encryption context or key are not those it was sealed with",
    cause === undefined ? undefined : { cause },
  );
}
