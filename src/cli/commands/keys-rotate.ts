import type { Command } from "commander";
import { ANY_KEY, keyIdOf } from "../options/key-id.ts";
import { print, toJson } from "../report/report.ts";
import { withKms } from "../settings/with-kms.ts";

export function addKeysRotate(keys: Command): void {
  keys
    .command("rotate")
    .description("give a symmetric key a new version now, and print its id; old ciphertext still decrypts")
    .argument("<key>", ANY_KEY)
    .action((key: string, _options: object, command: Command) =>
      withKms(command, async (kms, { json }) => {
        const { keyVersion } = await kms.rotateKey({ keyId: await keyIdOf(kms, key) });
        print(json ? toJson(keyVersion) : keyVersion.keyVersionId);
      }),
    );
}
