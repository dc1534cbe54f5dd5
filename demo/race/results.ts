// What a race measures, as the view shows it, a link carries it and Markdown writes it.

export type Cipher = "aes" | "sm4";
export const CIPHERS: readonly Cipher[] = ["aes", "sm4"];

/** Quick: a few rounds, some ten seconds to 16 MiB. Thorough: many rounds, about a minute. */
export type Effort = "quick" | "thorough";
export const EFFORTS: readonly Effort[] = ["quick", "thorough"];

/** Who seals one message of any size. */
export type Contender = "lanelock" | "webcrypto" | "noble" | "sm-crypto";
/** Who seals a list of small records. The same contender may have two ways to do it. */
export type RecordsContender = Contender | "lanelock-many" | "webcrypto-all";

export const CONTENDERS: Readonly<Record<Cipher, readonly Contender[]>> = {
  aes: ["lanelock", "webcrypto", "noble"],
  sm4: ["lanelock", "sm-crypto"],
};
export const RECORDS_CONTENDERS: Readonly<Record<Cipher, readonly RecordsContender[]>> = {
  aes: ["lanelock-many", "lanelock", "webcrypto-all", "webcrypto", "noble"],
  sm4: ["lanelock-many", "lanelock", "sm-crypto"],
};

/** Lengths of the messages in bytes: 32 B to 16 MiB. A race may end at an earlier one. */
export const SIZES: readonly number[] = [5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24].map((power) => 2 ** power);
/** Where a race may end, for machines with little time or memory. */
export const LARGEST: readonly number[] = [65_536, 1_048_576, 16_777_216];

/** The small records: how many, and how long each is in bytes. */
export const RECORDS = 1_000;
export const RECORD_BYTES = 64;

/** Nanoseconds for one operation, in whole numbers. */
export interface Figures {
  readonly median: number;
  readonly best: number;
}

export const BROWSERS = ["chromium", "edge", "firefox", "safari", "other"] as const;
export type Browser = (typeof BROWSERS)[number];

export interface Machine {
  readonly browser: Browser;
  /** The major version; 0 if it is not known. */
  readonly version: number;
  /** Logical processors; 0 if the browser does not say. */
  readonly processors: number;
}

export interface Results {
  readonly cipher: Cipher;
  readonly effort: Effort;
  readonly machine: Machine;
  /** The day, in UTC: `2026-11-28`. */
  readonly day: string;
  /** The first of SIZES, in order. */
  readonly sizes: readonly number[];
  /** For each contender, the figures of each size. */
  readonly curves: ReadonlyMap<Contender, readonly Figures[]>;
  /** The time for all of the records together. */
  readonly records: ReadonlyMap<RecordsContender, Figures>;
}

/** Bytes in a second, in millions. */
export const megabytesPerSecond = (bytes: number, nanoseconds: number): number => (bytes * 1_000) / nanoseconds;
