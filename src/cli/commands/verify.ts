import type { Command } from "commander";
import { fromBase64, readInput } from "../files/data.ts";
import { asymmetricFields } from "../options/asymmetric-options.ts";
import { addSignedOptions, type SignedOptions, signedInput } from "../options/signed-input.ts";
import { CheckFailed } from "../report/failures.ts";
import { print, toJson } from "../report/report.ts";
import { withKms } from "../settings/with-kms.ts";

interface VerifyOptions extends SignedOptions {
  readonly signature: string;
}

export function addVerify(program: Command): void {
  const verify = program.command("verify").description("say whether a signature is good; exit with 1 if it is bad");
  addSignedOptions(verify)
    .requiredOption("--signature <file>", "the signature")
    .option("--base64", "the signature is in base64")
    .action((options: VerifyOptions, command: Command) =>
      withKms(command, async (kms, { json }) => {
        const signature = await readInput(options.signature);
        const signed = await signedInput(options);
        const answer = await kms.asymmetricVerify({
          ...(await asymmetricFields(kms, options)),
          ...signed,
          value: options.base64 ? fromBase64(signature) : signature,
        });
        print(json ? toJson(answer) : answer.value ? "good signature" : "BAD SIGNATURE");
        if (!answer.value) throw new CheckFailed("the signature is bad");
      }),
    );
}
