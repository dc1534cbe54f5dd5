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

/** @throws LanelockError `ERR_ARGUMENT` for a limit that is no positive number */
export function checkLimits(limits: CacheLimits): CheckedLimits {
  const limit = (name: keyof CacheLimits, most: number): number => {
    const { [name]: value = DEFAULTS[name] } = limits;
    if (typeof value === "number" && value > 0 && value <= most) return value;
    throw new LanelockError("ERR_ARGUMENT", `cache.${name} must be a number above 0 and at most ${most}`);
  };
  return {
    maxAge: limit("maxAge", MAX_AGE),
    maxMessages: limit("maxMessages", Number.MAX_SAFE_INTEGER),
    maxBytes: limit("maxBytes", Number.MAX_SAFE_INTEGER),
    maxEntries: limit("maxEntries", Number.MAX_SAFE_INTEGER),
  };
}
