import type { Command } from "commander";
import { addDataOptions, type DataOptions, fromBase64, readInput, writeDataAnswer } from "../files/data.ts";
import { pair } from "../options/option-values.ts";
import { withKms } from "../settings/connection.ts";

interface DecryptOptions extends DataOptions {
  readonly key?: string;
  readonly context?: Readonly<Record<string, string>>;
}

export function addDecrypt(program: Command): void {
  const decrypt = program
    .command("decrypt")
    .description("decrypt with the key and version the ciphertext names")
    .option("--key <key>", "refuse a ciphertext of any other key")
    .option("--context <key=value>", "the encryption context it was encrypted with; may be repeated", pair)
    .option("--base64", "the ciphertext is in base64");
  addDataOptions(decrypt, { input: "the ciphertext", output: "the plaintext" });
  decrypt.action((options: DecryptOptions, command: Command) =>
    withKms(command, async (kms, { json }) => {
      const input = await readInput(options.in);
      const answer = await kms.decrypt({
        ciphertextBlob: options.base64 ? fromBase64(input) : input,
        encryptionContext: options.context,
        keyId: options.key,
      });
      try {
        await writeDataAnswer(answer, "plaintext", { out: options.out, json });
      } finally {
        answer.plaintext.fill(0);
      }
    }),
  );
}
