import type { Command } from "commander";
import { writeDataAnswer } from "../files/data.ts";
import { asymmetricFields } from "../options/asymmetric-options.ts";
import { withKms } from "../settings/with-kms.ts";

interface PublicKeyOptions {
  readonly key: string;
  readonly keyVersion?: string;
  readonly out?: string;
}

export function addPublicKey(program: Command): void {
  program
    .command("public-key")
    .description("print the public key of an asymmetric key, in PEM")
    .requiredOption("--key <key>", "key id, alias or ARN of an asymmetric key")
    .option("--key-version <id>", "the key's version, needed when it has several")
    .option("--out <file>", "the public key (default: standard output)")
    .action((options: PublicKeyOptions, command: Command) =>
      withKms(command, async (kms, { json }) => {
        const { keyId, keyVersionId } = await asymmetricFields(kms, options);
        const answer = await kms.getPublicKey({ keyId, keyVersionId });
        await writeDataAnswer(answer, "publicKey", { out: options.out, json });
      }),
    );
}
