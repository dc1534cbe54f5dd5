import type { Command } from "commander";
import type { Kms, ListKeysFilter, ListKeysFilterKey } from "../../kms/index.ts";
import { pair, wholeNumber } from "../options/option-values.ts";
import { print, table, toJson } from "../report/report.ts";
import { withKms } from "../settings/connection.ts";

interface ListOptions {
  readonly filter?: Readonly<Record<string, string>>;
  readonly page?: number;
  readonly pageSize?: number;
}

export function addKeysList(keys: Command): void {
  keys
    .command("list")
    .description("list keys, oldest first")
    .option("--filter <key=value,value>", "like KeyState=Enabled or TagKey=team; may be repeated", pair)
    .option("--page <number>", "which page", wholeNumber)
    .option("--page-size <number>", "keys on a page, at most 100", wholeNumber)
    .action((options: ListOptions, command: Command) =>
      withKms(command, async (kms, { json }) => {
        const filters = Object.entries(options.filter ?? {}).map(
          ([key, values]): ListKeysFilter => ({ key: key as ListKeysFilterKey, values: values.split(",") }),
        );
        const listed = await kms.listKeys({ filters, pageNumber: options.page, pageSize: options.pageSize ?? 100 });
        if (json) return print(toJson(listed));
        print(
          await keyTable(
            kms,
            listed.keys.map((key) => key.keyId),
          ),
        );
        if (listed.totalCount > listed.keys.length) print(`(${listed.keys.length} of ${listed.totalCount} keys)`);
      }),
    );
}

async function keyTable(kms: Kms, keyIds: readonly string[]): Promise<string> {
  const rows: unknown[][] = [];
  for (const keyId of keyIds) {
    const { keyMetadata } = await kms.describeKey({ keyId });
    const { aliases } = await kms.listAliasesByKeyId({ keyId, pageSize: 100 });
    const names = aliases.map((alias) => alias.aliasName).join(" ");
    rows.push([keyId, keyMetadata.keyState, keyMetadata.keySpec, keyMetadata.protectionLevel, names]);
  }
  return table(["KEY", "STATE", "SPEC", "LEVEL", "ALIASES"], rows);
}
