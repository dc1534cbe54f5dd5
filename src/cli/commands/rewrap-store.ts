import type { Command } from "commander";
import { rewrapStore } from "../../kms/index.ts";
import { kmsOptions } from "../settings/kms-options.ts";
import { existingStore } from "../settings/with-kms.ts";

export function addRewrapStore(program: Command): void {
  program
    .command("rewrap-store")
    .description("change the root key; ciphertext stays valid, and the old root key opens nothing any more")
    .requiredOption("--new-root-key <file>", "a file of mode 0600 with the new root key")
    .action(async (options: { readonly newRootKey: string }, command: Command) => {
      const newRootKey = { file: options.newRootKey };
      await rewrapStore({
        ...kmsOptions(existingStore(command, "The root key is the store's, and no client has it.")),
        newRootKey,
      });
    });
}
