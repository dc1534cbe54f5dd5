/** The service's limits, and the few that are ours. Sizes are bytes unless the name says otherwise. */
export const MAX_PLAINTEXT = 6_144;
export const MAX_CONTEXT_CHARACTERS = 8_192;
export const MAX_DESCRIPTION_CHARACTERS = 8_192;

export const MAX_DATA_KEY = 1_024;
export const DEFAULT_DATA_KEY = 32;
export const MAX_RANDOM = 1_024;

export const DEFAULT_PAGE_SIZE = 10;
export const MAX_PAGE_SIZE = 100;
/** Offsets stay exact integers in every database. */
export const MAX_PAGE_NUMBER = 2 ** 31 - 1;
export const MAX_FILTERS = 10;
/** Ours: the service names no limit for the values of one filter. */
export const MAX_FILTER_VALUES = 100;

export const MIN_PENDING_DAYS = 7;
export const MAX_PENDING_DAYS = 366;
export const MIN_ROTATION_DAYS = 7;
export const MAX_ROTATION_DAYS = 730;
export const SECONDS_PER_DAY = 86_400;

/** Of asymmetric keys. */
export const MIN_DAYS_BETWEEN_VERSIONS = 7;
export const MAX_ASYMMETRIC_VERSIONS = 50;

export const MAX_ALIAS_CHARACTERS = 255;
export const MAX_TAGS_AT_CREATION = 20;
export const MAX_TAGS = 10;
export const MAX_TAG_CHARACTERS = 128;

/** Ours: of the name in audit lines. */
export const MAX_CALLER_CHARACTERS = 256;

/** Random 96-bit IVs: 2^32 encryptions per key (SP 800-38D §8.3). */
export const MAX_INVOCATIONS = 2 ** 32;
