import type { Command } from "commander";
import { withKms } from "../connection.ts";
import { fields, print, table, toJson } from "../report.ts";

export function addKeysDescribe(keys: Command): void {
  keys
    .command("describe")
    .description("show everything about a key but its material")
    .argument("<key>", "key id, alias or ARN")
    .action((keyId: string, _options: object, command: Command) =>
      withKms(command, async (kms, { json }) => {
        const { keyMetadata } = await kms.describeKey({ keyId });
        const { keyVersions } = await kms.listKeyVersions({ keyId, pageSize: 100 });
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
