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
