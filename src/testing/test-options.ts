import { LanelockError } from "../errors.ts";
import type { Seed } from "../server/seed.ts";
import { checkNames } from "../shared/known-names.ts";

export interface TestKmsOptions {
  /** Keys of given material, with aliases and tags, and access keys: as `lanelock serve --seed` takes them. */
  readonly seed?: Seed | undefined;
  /** Where it listens on 127.0.0.1; a free port unless given. */
  readonly port?: number | undefined;
  /** The region that ARNs and DescribeRegions name; `local` unless given. */
  readonly region?: string | undefined;
}

const NAMES = ["seed", "port", "region"];

/** @throws LanelockError `ERR_ARGUMENT` for anything but an object of known names */
export function checkedTestOptions(options: unknown): TestKmsOptions {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new LanelockError("ERR_ARGUMENT", "The options of testKms must be an object: { seed, port, region }.");
  }
  checkNames(options, NAMES, "testKms");
  return options;
}
