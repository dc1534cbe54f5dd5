import type { Command } from "commander";
import { writeDataAnswer } from "../files/data.ts";
import { asymmetricFields } from "../options/asymmetric-options.ts";
import { addSignedOptions, type SignedOptions, signedInput } from "../options/signed-input.ts";
import { withKms } from "../settings/connection.ts";

export function addSign(program: Command): void {
  const sign = program.command("sign").description("sign a message, or a digest, with an asymmetric key");
  addSignedOptions(sign)
    .option("--out <file>", "the signature: of an EC key in DER (default: standard output)")
    .option("--base64", "print the signature in base64")
    .action((options: SignedOptions, command: Command) =>
      withKms(command, async (kms, { json }) => {
        const signed = await signedInput(options);
        const answer = await kms.asymmetricSign({ ...(await asymmetricFields(kms, options)), ...signed });
        await writeDataAnswer(answer, "value", { ...options, json });
      }),
    );
}
