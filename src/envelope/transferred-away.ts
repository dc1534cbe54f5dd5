import { LanelockError } from "../errors.ts";

/** The caller's bytes lost their buffer while they were needed. */
export function transferredAway(cause?: unknown): LanelockError {
  const message = "The bytes were transferred away while they were being read: keep them until the call has ended";
  return new LanelockError("ERR_BUFFER", message, { cause });
}
