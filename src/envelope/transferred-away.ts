import { LanelockError } from "../errors.ts";

/** Bytes that were looked at when they were given, and have lost their buffer since. */
export function transferredAway(cause?: unknown): LanelockError {
  return new LanelockError("ERR_BUFFER", "The bytes were transferred away meanwhile", { cause });
}
