import { existsSync } from "node:fs";
import type { Command } from "commander";
import { Kms, type KmsOptions } from "../../kms/index.ts";
import { UsageError } from "../report/failures.ts";
import { kmsOptions, rootKeyFile, storePlace } from "./kms-options.ts";
import { printsJson, refuseVisiblePassword, settingsOf } from "./read-settings.ts";
import type { Settings } from "./settings.ts";

/** The form of a command's output. */
export interface Answering {
  readonly json: boolean;
}

/** Refuses if there is no store. The message says how to make one. @throws UsageError */
function requireInitialised(settings: Settings): void {
  const file = rootKeyFile(settings);
  if (settings.rootKeyEnv === undefined && !existsSync(file)) {
    throw new UsageError(`There is no root key at ${file}. Make one, with a store, by: lanelock init`);
  }
  const place = storePlace(settings);
  if ("path" in place && !existsSync(place.path)) {
    throw new UsageError(`There is no store at ${place.path}. Check the name, or make one by: lanelock init`);
  }
}

/** The settings of a command whose store must exist. */
export function existingStore(command: Command): Settings {
  refuseVisiblePassword(command);
  const settings = settingsOf(command);
  requireInitialised(settings);
  return settings;
}

/**
 * Opens the KMS that the settings name, runs `work` with it, and always closes it.
 *
 * @param options replacements for options from the settings
 */
export async function withKms<T>(
  command: Command,
  work: (kms: Kms, answering: Answering) => Promise<T>,
  options: Partial<KmsOptions> = {},
): Promise<T> {
  const settings = existingStore(command);
  const kms = await Kms.open({ ...kmsOptions(settings), ...options });
  try {
    return await work(kms.as(settings.caller ?? "cli"), { json: printsJson(command) });
  } finally {
    await kms.close();
  }
}
