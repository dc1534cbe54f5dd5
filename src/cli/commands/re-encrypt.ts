import type { Command } from "commander";
import { withKms } from "../connection.ts";
import { addDataOptions, type DataOptions, fromBase64, readInput, writeAnswer } from "../data.ts";
import { pair } from "../option-values.ts";
import { print, toJson } from "../report.ts";

interface ReEncryptOptions extends DataOptions {
  readonly to: string;
  readonly key?: string;
  readonly context?: Readonly<Record<string, string>>;
  readonly toContext?: Readonly<Record<string, string>>;
}

export function addReEncrypt(program: Command): void {
  const reEncrypt = program
    .command("re-encrypt")
    .description("move a ciphertext to another key, or to a key's new version, without showing the plaintext")
    .requiredOption("--to <key>", "key id, alias or ARN")
    .option("--key <key>", "refuse a ciphertext of any other key")
    .option("--context <key=value>", "the encryption context it was encrypted with; may be repeated", pair)
    .option("--to-context <key=value>", "the new encryption context; may be repeated", pair)
    .option("--base64", "the ciphertexts are in base64");
  addDataOptions(reEncrypt, { input: "the ciphertext", output: "the new ciphertext" });
  reEncrypt.action((options: ReEncryptOptions, command: Command) =>
    withKms(command, async (kms, { json }) => {
      const input = await readInput(options.in);
      const answer = await kms.reEncrypt({
        ciphertextBlob: options.base64 ? fromBase64(input) : input,
        sourceEncryptionContext: options.context,
        destinationKeyId: options.to,
        destinationEncryptionContext: options.toContext,
        keyId: options.key,
      });
      if (json) return print(toJson(answer));
      await writeAnswer(options, answer.ciphertextBlob);
    }),
  );
}
