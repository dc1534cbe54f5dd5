import type { LanelockErrorCode } from "lanelock";
import { LanelockError } from "lanelock";
import { expect } from "vitest";

/** Calls `action`, which must throw a {@link LanelockError} of the given code, and returns that error. */
export function refusal(code: LanelockErrorCode, action: () => unknown, label = ""): LanelockError {
  try {
    action();
  } catch (error) {
    if (!(error instanceof LanelockError)) throw error;
    expect(error.code, label).toBe(code);
    return error;
  }
  throw new Error(`${label}: nothing was thrown; ${code} was expected`);
}
