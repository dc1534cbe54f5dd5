import type { Command } from "commander";
import { withKms } from "../connection.ts";
import { writeDataAnswer } from "../data.ts";
import { asymmetricFields } from "../key-version.ts";
import { addSignedOptions, type SignedOptions, signedInput } from "./signed-input.ts";

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
