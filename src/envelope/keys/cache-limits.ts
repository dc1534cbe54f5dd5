import { LanelockError } from "../../errors.ts";

/** Limits of a data-key cache. Whichever is reached first ends the use of a data key. */
export interface CacheLimits {
  /**
   * How long a data key is used after the KMS was asked for it, in milliseconds: 60,000 unless given. It bounds how long a
   * CMK that was disabled still seals and opens here.
   */
  readonly maxAge?: number | undefined;
  /** Messages under one data key: 100,000 unless given. */
  readonly maxMessages?: number | undefined;
  /** Plaintext bytes under one data key: 2^36 (64 GiB) unless given. */
  readonly maxBytes?: number | undefined;
  /** Data keys kept at a time, the longest unused going first: 256 unless given. */
  readonly maxEntries?: number | undefined;
}

export type CheckedLimits = { readonly [Limit in keyof CacheLimits]-?: number };

const DEFAULTS: CheckedLimits = { maxAge: 60_000, maxMessages: 100_000, maxBytes: 2 ** 36, maxEntries: 256 };

/** What a timer can wait for: three weeks and a half. */
const MAX_AGE = 2 ** 31 - 1;

/** @throws LanelockError `ERR_ARGUMENT` for an age that is no positive number, and a count that is no positive whole number */
export function checkLimits(limits: CacheLimits): CheckedLimits {
  const { maxAge = DEFAULTS.maxAge } = limits;
  if (!(typeof maxAge === "number" && maxAge > 0 && maxAge <= MAX_AGE)) {
    throw new LanelockError("ERR_ARGUMENT", `cache.maxAge must be a number above 0 and at most ${MAX_AGE}`);
  }
  // A cache of less than one entry would wipe a data key before its first use, and seal under zeros.
  const count = (name: Exclude<keyof CacheLimits, "maxAge">): number => {
    const { [name]: value = DEFAULTS[name] } = limits;
    if (Number.isSafeInteger(value) && value >= 1) return value;
    throw new LanelockError("ERR_ARGUMENT", `cache.${name} must be a whole number, 1 or more`);
  };
  return {
    maxAge,
    maxMessages: count("maxMessages"),
    maxBytes: count("maxBytes"),
    maxEntries: count("maxEntries"),
  };
}
