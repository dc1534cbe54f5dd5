import type { Command } from "commander";
import { rewrapStore } from "../../kms/index.ts";
import { connectionOf, kmsOptions } from "../settings/connection.ts";

export function addRewrapStore(program: Command): void {
  program
    .command("rewrap-store")
    .description("change the root key; ciphertext stays as it is, and the old key opens nothing any more")
    .requiredOption("--new-root-key <file>", "a file with the new root key, that only its owner may read")
    .action(async (options: { readonly newRootKey: string }, command: Command) => {
      const newRootKey = { file: options.newRootKey };
      await rewrapStore({ ...kmsOptions(connectionOf(command)), newRootKey });
    });
}
