import type { Command } from "commander";
import type { KmsOperations } from "../../kms/index.ts";
import { ANY_KEY, keyIdOf } from "../options/key-id.ts";
import { wholeNumber } from "../options/option-values.ts";
import { print, toJson } from "../report/report.ts";
import { withKms } from "../settings/with-kms.ts";

interface StateCommand {
  readonly name: string;
  readonly description: string;
  readonly run: (kms: KmsOperations, keyId: string, options: { readonly days: number }) => Promise<void>;
}

const COMMANDS: readonly StateCommand[] = [
  { name: "enable", description: "enable a key", run: (kms, keyId) => kms.enableKey({ keyId }) },
  {
    name: "disable",
    description: "disable a key until it is enabled again",
    run: (kms, keyId) => kms.disableKey({ keyId }),
  },
  {
    name: "schedule-deletion",
    description: "delete a key at the end of a pending window",
    run: (kms, keyId, { days }) => kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: days }),
  },
  {
    name: "cancel-deletion",
    description: "cancel a scheduled deletion; the key is then Enabled or Disabled as before",
    run: (kms, keyId) => kms.cancelKeyDeletion({ keyId }),
  },
];

/** The commands that change a key's state, and print the new one. */
export function addKeysState(keys: Command): void {
  for (const { name, description, run } of COMMANDS) {
    const added = keys.command(name).description(description).argument("<key>", ANY_KEY);
    if (name === "schedule-deletion") added.option("--days <number>", "the pending window, 7 to 366", wholeNumber, 30);
    added.action((key: string, options: { readonly days: number }, command: Command) =>
      withKms(command, async (kms, { json }) => {
        const keyId = await keyIdOf(kms, key);
        await run(kms, keyId, options);
        const { keyMetadata } = await kms.describeKey({ keyId });
        const until = keyMetadata.deleteDate ? ` until ${keyMetadata.deleteDate.toISOString()}` : "";
        print(json ? toJson(keyMetadata) : `${keyMetadata.keyState}${until}`);
      }),
    );
  }
}
