import { LanelockError } from "../../errors.ts";
import { checkNames } from "../../shared/known-names.ts";

/** Limits of a data-key cache. The first to be reached ends the use of a data key. */
export interface CacheLimits {
  /**
   * Milliseconds for which a data key is used, counted from the call to the KMS; 60,000 by default. After a CMK is disabled, this
   * envelope may still seal and open under it for that long.
   */
  readonly maxAge?: number | undefined;
  /** Messages under one data key; 100,000 by default. */
  readonly maxMessages?: number | undefined;
  /** Plaintext bytes under one data key; 2^36 (64 GiB) by default. */
  readonly maxBytes?: number | undefined;
  /** Data keys kept at a time; 256 by default. The least recently used goes first. */
  readonly maxEntries?: number | undefined;
}

export type CheckedLimits = { readonly [Limit in keyof CacheLimits]-?: number };

const DEFAULTS: CheckedLimits = { maxAge: 60_000, maxMessages: 100_000, maxBytes: 2 ** 36, maxEntries: 256 };

/** The longest time a timer can wait: about 25 days. */
const MAX_AGE = 2 ** 31 - 1;

/** Reads each limit once. @throws LanelockError `ERR_ARGUMENT` */
export function checkLimits(limits: CacheLimits): CheckedLimits {
  checkNames(limits, Object.keys(DEFAULTS), "The cache of envelope()");
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
