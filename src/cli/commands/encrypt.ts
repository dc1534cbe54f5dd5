import type { Command } from "commander";
import type { EncryptRequest } from "../../kms/index.ts";
import { addDataOptions, type DataOptions, readInput, refuseBinaryAnswer, writeDataAnswer } from "../files/data.ts";
import { pair } from "../options/option-values.ts";
import { withKms } from "../settings/with-kms.ts";

interface EncryptOptions extends DataOptions {
  readonly key: string;
  readonly context?: Readonly<Record<string, string>>;
  readonly algorithm?: EncryptRequest["algorithm"];
  readonly padding?: EncryptRequest["paddingMode"];
}

export function addEncrypt(program: Command): void {
  const encrypt = program
    .command("encrypt")
    .description("encrypt up to 6,144 bytes under a key")
    .requiredOption("--key <key>", "key id, alias or ARN")
    .option("--context <key=value>", "encryption context, needed again to decrypt; may be repeated", pair)
    .option("--base64", "print the ciphertext in base64")
    .option("--algorithm <name>", "AES_GCM, AES_CBC, AES_ECB or SM4_GCM, where the key has a choice")
    .option("--padding <name>", "PKCS7_PADDING or NO_PADDING, with CBC and ECB");
  addDataOptions(encrypt, { input: "the plaintext", output: "the ciphertext" });
  encrypt.action((options: EncryptOptions, command: Command) =>
    withKms(command, async (kms, { json }) => {
      refuseBinaryAnswer({ ...options, json }, "The ciphertext");
      const plaintext = await readInput(options.in);
      try {
        const answer = await kms.encrypt({
          keyId: options.key,
          plaintext,
          encryptionContext: options.context,
          algorithm: options.algorithm,
          paddingMode: options.padding,
        });
        await writeDataAnswer(answer, "ciphertextBlob", { ...options, json });
      } finally {
        plaintext.fill(0);
      }
    }),
  );
}
