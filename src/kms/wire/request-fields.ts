import { LanelockError } from "../../errors.ts";
import { callersBytes } from "../../shared/byte-input.ts";
import { invalidParameter, missingParameter } from "../ports/errors.ts";

// Readers of single values. Each names the parameter of a value that is missing or wrong.

export function requiredInteger(
  value: unknown,
  parameter: string,
  [least, most]: readonly [least: number, most: number],
): number {
  if (value === undefined || value === null) throw missingParameter(parameter);
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalidParameter(parameter, `It must be a whole number from ${least} to ${most}.`);
}

export function optionalBoolean(value: unknown, parameter: string): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === "boolean") return value;
  throw invalidParameter(parameter, "It must be true or false.");
}

export function requiredBoolean(value: unknown, parameter: string): boolean {
  if (value === undefined || value === null) throw missingParameter(parameter);
  return optionalBoolean(value, parameter);
}

/** One of a closed set; `undefined` when absent. */
export function optionalChoice<T extends string>(value: unknown, parameter: string, of: readonly T[]): T | undefined {
  if (value === undefined || value === null) return undefined;
  const known = of.find((candidate) => candidate === value);
  if (known !== undefined) return known;
  throw invalidParameter(parameter, `It must be one of: ${of.join(", ")}.`);
}

/** The elements of an array of at most `most`, its holes being `undefined`; `undefined` for anything else. */
export function elements(value: unknown, most: number): readonly unknown[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const { length } = value;
  return length <= most ? Array.from({ length }, (_, index): unknown => value[index]) : undefined;
}

/** Free text that any database can hold: well-formed Unicode without NUL. */
export function freeText(value: unknown, parameter: string, maxCharacters: number): string {
  if (value === undefined || value === null) return "";
  if (typeof value !== "string") throw invalidParameter(parameter, "It must be a string.");
  if (value.length > maxCharacters) throw invalidParameter(parameter, `It may have ${maxCharacters} characters.`);
  if (value.includes("\0") || /\p{Surrogate}/u.test(value)) {
    throw invalidParameter(parameter, "It must be well-formed Unicode without NUL.");
  }
  return value;
}

/** Bytes as the caller gave them, in an array without any code of the caller's. They are not copied: see `copyOf`. */
export function requiredBytes(value: unknown, parameter: string): Uint8Array {
  if (value === undefined || value === null) throw missingParameter(parameter);
  try {
    return callersBytes(value, parameter);
  } catch (error) {
    const isBuffer = error instanceof LanelockError && error.code === "ERR_BUFFER";
    const reason = isBuffer ? "Its buffer must not be detached or shared between threads." : "It must be a Uint8Array.";
    throw invalidParameter(parameter, reason);
  }
}

const INTERVAL = /^(\d{1,10})([dhms])$/;
const SECONDS = { d: 86_400, h: 3_600, m: 60, s: 1 };

/** An interval like `365d` or `604800s`, in seconds. */
export function requiredInterval(
  value: unknown,
  parameter: string,
  [least, most]: readonly [least: number, most: number],
): number {
  if (value === undefined || value === null) throw missingParameter(parameter);
  const [, count, unit] = (typeof value === "string" && INTERVAL.exec(value)) || [];
  const seconds = Number(count) * SECONDS[(unit ?? "s") as keyof typeof SECONDS];
  if (seconds >= least && seconds <= most) return seconds;
  throw invalidParameter(parameter, `It must be like "365d" or "604800s", from ${least}s to ${most}s.`);
}
