import type { Command } from "commander";
import { print, toJson } from "../report/report.ts";
import { withKms } from "../settings/connection.ts";

export function addKeysRotate(keys: Command): void {
  keys
    .command("rotate")
    .description("give a symmetric key a new version now, and print its id; old ciphertext still decrypts")
    .argument("<key>", "key id or ARN")
    .action((keyId: string, _options: object, command: Command) =>
      withKms(command, async (kms, { json }) => {
        const { keyVersion } = await kms.rotateKey({ keyId });
        print(json ? toJson(keyVersion) : keyVersion.keyVersionId);
      }),
    );
}
