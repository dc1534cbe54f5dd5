import { existsSync } from "node:fs";
import type { Command } from "commander";
import { kmsClient } from "../../client/index.ts";
import { Kms, type KmsOperations, type KmsOptions } from "../../kms/index.ts";
import { UsageError } from "../report/failures.ts";
import { alibabaCredentials } from "./alibaba-credentials.ts";
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

/**
 * The settings of a command whose store must exist, and which no server can carry out.
 *
 * @param why for a user who names a server, a sentence
 * @throws UsageError
 */
export function existingStore(command: Command, why: string): Settings {
  refuseVisiblePassword(command);
  const settings = settingsOf(command);
  refuseEndpoint(settings, why);
  requireInitialised(settings);
  return settings;
}

/** @throws UsageError for a command that works on the store itself, if settings name a server */
export function refuseEndpoint({ endpoint }: Settings, why: string): void {
  if (endpoint === undefined) return;
  throw new UsageError(`${why} Leave out --endpoint, LANELOCK_ENDPOINT and "endpoint".`);
}

/**
 * Runs `work` with the KMS that the settings name: on a server, or in a store, which is opened and always closed.
 *
 * @throws UsageError if there is no store, or no access key for a server
 */
export async function withKms<T>(
  command: Command,
  work: (kms: KmsOperations, answering: Answering) => Promise<T>,
): Promise<T> {
  const { endpoint } = settingsOf(command);
  if (endpoint === undefined) return withStore(command, "", work);
  return work(kmsClient({ endpoint, credentials: alibabaCredentials() }), { json: printsJson(command) });
}

/**
 * Opens the KMS in the store that the settings name, runs `work` with it, and always closes it.
 *
 * @param why no server can do this, for a user who names one
 * @param options replacements for options from the settings
 */
export async function withStore<T>(
  command: Command,
  why: string,
  work: (kms: Kms, answering: Answering) => Promise<T>,
  options: Partial<KmsOptions> = {},
): Promise<T> {
  const settings = existingStore(command, why);
  const kms = await Kms.open({ ...kmsOptions(settings), ...options });
  try {
    return await work(kms.as(settings.caller ?? "cli"), { json: printsJson(command) });
  } finally {
    await kms.close();
  }
}
