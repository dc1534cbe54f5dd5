import type { Command } from "commander";
import type { AsymmetricDecryptRequest } from "../../kms/index.ts";
import { addDataOptions, type DataOptions, fromBase64, readInput, writeDataAnswer } from "../files/data.ts";
import { type AsymmetricOptions, addAsymmetricOptions, asymmetricFields } from "../options/asymmetric-options.ts";
import { withKms } from "../settings/with-kms.ts";
import { ENCRYPTION_ALGORITHMS } from "./asym-encrypt.ts";

type Options = DataOptions & AsymmetricOptions<AsymmetricDecryptRequest["algorithm"]>;

export function addAsymDecrypt(program: Command): void {
  const decrypt = program
    .command("asym-decrypt")
    .description("decrypt what a public key encrypted, here or elsewhere")
    .option("--base64", "the ciphertext is in base64");
  addAsymmetricOptions(decrypt, ENCRYPTION_ALGORITHMS);
  addDataOptions(decrypt, { input: "the ciphertext", output: "the plaintext" });
  decrypt.action((options: Options, command: Command) =>
    withKms(command, async (kms, { json }) => {
      const input = await readInput(options.in);
      const answer = await kms.asymmetricDecrypt({
        ...(await asymmetricFields(kms, options)),
        ciphertextBlob: options.base64 ? fromBase64(input) : input,
      });
      try {
        await writeDataAnswer(answer, "plaintext", { out: options.out, force: options.force, json });
      } finally {
        answer.plaintext.fill(0);
      }
    }),
  );
}
