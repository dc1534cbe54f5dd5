import { InvalidArgumentError } from "commander";

/** Collects `--context k=v --context k2=v2` into one object. */
export function pair(value: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = value.indexOf("=");
  if (at < 0) throw new InvalidArgumentError("It must be key=value.");
  const key = value.slice(0, at);
  if (Object.hasOwn(before, key)) throw new InvalidArgumentError(`The key "${key}" comes twice.`);
  return { ...before, [key]: value.slice(at + 1) };
}

export function wholeNumber(value: string): number {
  if (!/^\d{1,10}$/.test(value)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(value);
}

/** Seconds since 1970 of a date like `2027-01-31` or `2027-01-31T12:00:00Z`. */
export function secondsOf(value: string): number {
  const milliseconds = /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(milliseconds)) throw new InvalidArgumentError("It must be a date like 2027-01-31T12:00:00Z.");
  return Math.floor(milliseconds / 1000);
}
