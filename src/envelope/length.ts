import { LanelockError } from "../errors.ts";

/** @throws LanelockError `ERR_ARGUMENT` unless `value` is a whole number of bytes */
export function checkLength(value: number, name: string): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new LanelockError("ERR_ARGUMENT", `${name} must be a whole number of bytes, 0 or more`);
}
