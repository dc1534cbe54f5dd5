import type { Command } from "commander";
import { addOutputOptions, refuseBinaryAnswer, writeDataAnswer } from "../files/data.ts";
import { asymmetricFields } from "../options/asymmetric-options.ts";
import { addSignedOptions, type SignedOptions, signedInput } from "../options/signed-input.ts";
import { withKms } from "../settings/with-kms.ts";

export function addSign(program: Command): void {
  const sign = program.command("sign").description("sign a message, or a digest, with an asymmetric key");
  addOutputOptions(addSignedOptions(sign), "the signature; of an EC key, in DER")
    .option("--base64", "print the signature in base64")
    .action((options: SignedOptions, command: Command) =>
      withKms(command, async (kms, { json }) => {
        refuseBinaryAnswer({ ...options, json }, "The signature");
        const signed = await signedInput(options);
        const answer = await kms.asymmetricSign({ ...(await asymmetricFields(kms, options)), ...signed });
        await writeDataAnswer(answer, "value", { ...options, json });
      }),
    );
}
