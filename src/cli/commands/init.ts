import { existsSync } from "node:fs";
import type { Command } from "commander";
import { LanelockError } from "../../errors.ts";
import { Kms, type KmsOptions } from "../../kms/index.ts";
import { makeFolder, makeRootKey, removeNewFiles } from "../files/make-private.ts";
import { Undo } from "../files/undo.ts";
import { UsageError } from "../report/failures.ts";
import { fields, print, toJson } from "../report/report.ts";
import { kmsOptions, rootKeyFile, storePlace } from "../settings/kms-options.ts";
import { printsJson, refuseVisiblePassword, settingsOf } from "../settings/read-settings.ts";
import type { Settings } from "../settings/settings.ts";
import { refuseEndpoint } from "../settings/with-kms.ts";

export function addInit(program: Command): void {
  program
    .command("init")
    .description("make a root key and an empty store")
    .action(async (_options: object, command: Command) => {
      refuseVisiblePassword(command);
      const settings = settingsOf(command);
      refuseEndpoint(settings, "A server has a store already.");
      const made = await initialise(settings);
      const advice = "Keep the root key safe: without it the store is lost.";
      print(printsJson(command) ? toJson(made) : `${fields(made)}\n\n${advice}`);
    });
}

/**
 * Makes the root key, unless there is one, and then the store. A failure removes everything that was made. After a kill the command
 * can run again, because it uses a root key that has no store.
 */
async function initialise(settings: Settings): Promise<{ readonly store: string; readonly rootKey: string }> {
  const file = rootKeyFile(settings);
  const place = storePlace(settings);
  const options = kmsOptions(settings, { create: true });
  const hasRootKey = settings.rootKeyEnv !== undefined || existsSync(file);
  const isThere = "url" in place || existsSync(place.path);
  if (!hasRootKey && "path" in place && isThere) {
    throw new UsageError(
      `The store ${place.path} is there already, and its root key is not at ${file}. Name the key's file by --root-key.`,
    );
  }
  if (hasRootKey && isThere && (await opens(kmsOptions(settings)))) {
    throw new UsageError(`${options.store.name} is there already, and the root key opens it. Nothing was changed.`);
  }
  const undo = new Undo();
  try {
    await makeFolder(settings.home, undo);
    if (!hasRootKey) await makeRootKey(file, undo);
    if ("path" in place) await removeNewFiles(place.path, undo);
    await (await Kms.open(options)).close();
  } catch (error) {
    await undo.run();
    throw error;
  }
  return { store: options.store.name, rootKey: settings.rootKeyEnv ?? file };
}

/** Whether there is already a complete store. @throws its error, unless it cannot be found or read */
async function opens(options: KmsOptions): Promise<boolean> {
  try {
    await (await Kms.open({ ...options, audit: false })).close();
    return true;
  } catch (error) {
    if (error instanceof LanelockError && error.code === "ERR_STORE") return false;
    throw error;
  }
}
