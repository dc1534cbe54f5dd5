import type { Command } from "commander";
import type { KeyVersion, KmsOperations } from "../../kms/index.ts";
import { ANY_KEY } from "../options/key-id.ts";
import { fields, print, table, toJson } from "../report/report.ts";
import { withKms } from "../settings/with-kms.ts";

export function addKeysDescribe(keys: Command): void {
  keys
    .command("describe")
    .description("show a key, its versions and its tags")
    .argument("<key>", ANY_KEY)
    .action((keyId: string, _options: object, command: Command) =>
      withKms(command, async (kms, { json }) => {
        const { keyMetadata } = await kms.describeKey({ keyId });
        const keyVersions = await allVersions(kms, keyId);
        const { tags } = await kms.listResourceTags({ keyId: keyMetadata.keyId });
        if (json) return print(toJson({ ...keyMetadata, keyVersions, tags }));
        print(fields(keyMetadata));
        print(
          `\n${table(
            ["VERSION", "CREATED"],
            keyVersions.map((one) => [one.keyVersionId, one.creationDate]),
          )}`,
        );
        if (tags.length > 0)
          print(
            `\n${table(
              ["TAG", "VALUE"],
              tags.map((tag) => [tag.tagKey, tag.tagValue]),
            )}`,
          );
      }),
    );
}

async function allVersions(kms: KmsOperations, keyId: string): Promise<KeyVersion[]> {
  const all: KeyVersion[] = [];
  for (let pageNumber = 1; ; pageNumber++) {
    const { keyVersions, totalCount } = await kms.listKeyVersions({ keyId, pageNumber, pageSize: 100 });
    all.push(...keyVersions);
    if (all.length >= totalCount || keyVersions.length === 0) return all;
  }
}
