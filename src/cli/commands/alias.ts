import type { Command } from "commander";
import type { KmsOperations } from "../../kms/index.ts";
import { ANY_KEY, keyIdOf } from "../options/key-id.ts";
import { print, table, toJson } from "../report/report.ts";
import { withKms } from "../settings/with-kms.ts";

const PAGE_SIZE = 100;

export function addAlias(program: Command): void {
  const alias = program.command("alias").description("name keys: create, update, delete and list aliases");
  for (const [name, description] of [
    ["create", "give a key a new alias"],
    ["update", "point an alias at another key"],
  ] as const) {
    alias
      .command(name)
      .description(description)
      .argument("<alias>", "like alias/orders")
      .argument("<key>", ANY_KEY)
      .action((aliasName: string, key: string, _options: object, command: Command) =>
        withKms(command, async (kms) => {
          const request = { aliasName, keyId: await keyIdOf(kms, key) };
          await (name === "create" ? kms.createAlias(request) : kms.updateAlias(request));
        }),
      );
  }
  alias
    .command("delete")
    .description("delete an alias; its key stays")
    .argument("<alias>", "like alias/orders")
    .action((aliasName: string, _options: object, command: Command) =>
      withKms(command, (kms) => kms.deleteAlias({ aliasName })),
    );
  alias
    .command("list")
    .description("list every alias, or those of one key")
    .option("--key <key>", ANY_KEY)
    .action((options: { readonly key?: string }, command: Command) =>
      withKms(command, async (kms, { json }) => {
        const aliases = await allAliases(kms, options.key);
        if (json) return print(toJson({ aliases }));
        print(
          table(
            ["ALIAS", "KEY"],
            aliases.map((one) => [one.aliasName, one.keyId]),
          ),
        );
      }),
    );
}

async function allAliases(kms: KmsOperations, key: string | undefined) {
  const keyId = key === undefined ? undefined : await keyIdOf(kms, key);
  const page = (pageNumber: number) => ({ pageNumber, pageSize: PAGE_SIZE });
  const all = [];
  for (let number = 1; ; number++) {
    const request = page(number);
    const listed =
      keyId === undefined ? await kms.listAliases(request) : await kms.listAliasesByKeyId({ ...request, keyId });
    all.push(...listed.aliases);
    if (all.length >= listed.totalCount || listed.aliases.length === 0) return all;
  }
}
