import type { Command } from "commander";
import { addDataOptions, type DataOptions, fromBase64, ONE_CALL, readInput, writeDataAnswer } from "../files/data.ts";
import { decrypting, isEnvelope } from "../options/ciphertext.ts";
import { pair } from "../options/option-values.ts";
import { UsageError } from "../report/failures.ts";
import { withKms } from "../settings/with-kms.ts";

interface DecryptOptions extends DataOptions {
  readonly key?: string;
  readonly context?: Readonly<Record<string, string>>;
}

const ENVELOPE = "The input is an envelope message. Open it with: lanelock open";
const CIPHERTEXT = {
  ...ONE_CALL,
  instead: "The input is too long for a ciphertext. If it is an envelope message, open it with: lanelock open",
};

export function addDecrypt(program: Command): void {
  const decrypt = program
    .command("decrypt")
    .description("decrypt a ciphertext; it names its key and version itself")
    .option("--key <key>", "refuse a ciphertext of any other key")
    .option("--context <key=value>", "the encryption context it was encrypted with; may be repeated", pair)
    .option("--base64", "the ciphertext is in base64");
  addDataOptions(decrypt, { input: "the ciphertext", output: "the plaintext" });
  decrypt.action((options: DecryptOptions, command: Command) =>
    withKms(command, async (kms, { json }) => {
      const input = await readInput(options.in, CIPHERTEXT);
      if (isEnvelope(input)) throw new UsageError(ENVELOPE);
      const request = {
        ciphertextBlob: options.base64 ? fromBase64(input) : input,
        encryptionContext: options.context,
        keyId: options.key,
      };
      const answer = await decrypting(() => kms.decrypt(request));
      try {
        await writeDataAnswer(answer, "plaintext", { out: options.out, force: options.force, json });
      } finally {
        answer.plaintext.fill(0);
      }
    }),
  );
}
