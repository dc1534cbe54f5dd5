import type { Command } from "commander";
import type { KeyMetadata, KmsOperations, ListKeysFilter, ListKeysFilterKey } from "../../kms/index.ts";
import { pair, wholeNumber } from "../options/option-values.ts";
import { print, table, toJson } from "../report/report.ts";
import { withKms } from "../settings/with-kms.ts";

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
        const keys: ListedKey[] = [];
        for (const { keyId } of listed.keys) keys.push(await listedKey(kms, keyId));
        if (json) return print(toJson({ ...listed, keys }));
        print(table(["KEY", "STATE", "SPEC", "LEVEL", "ALIASES"], keys.map(row)));
        if (listed.totalCount > listed.keys.length) print(`(${listed.keys.length} of ${listed.totalCount} keys)`);
      }),
    );
}

interface ListedKey extends KeyMetadata {
  readonly aliases: readonly string[];
}

async function listedKey(kms: KmsOperations, keyId: string): Promise<ListedKey> {
  const { keyMetadata } = await kms.describeKey({ keyId });
  const { aliases } = await kms.listAliasesByKeyId({ keyId, pageSize: 100 });
  return { ...keyMetadata, aliases: aliases.map(({ aliasName }) => aliasName) };
}

function row({ keyId, keyState, keySpec, protectionLevel, aliases }: ListedKey): readonly unknown[] {
  return [keyId, keyState, keySpec, protectionLevel, aliases.join(" ")];
}
