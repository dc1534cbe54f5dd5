import type { Command } from "commander";
import type { AsymmetricEncryptRequest } from "../../kms/index.ts";
import { addDataOptions, type DataOptions, readInput, refuseBinaryAnswer, writeDataAnswer } from "../files/data.ts";
import { type AsymmetricOptions, addAsymmetricOptions, asymmetricFields } from "../options/asymmetric-options.ts";
import { withKms } from "../settings/with-kms.ts";

type Options = DataOptions & AsymmetricOptions<AsymmetricEncryptRequest["algorithm"]>;

export const ENCRYPTION_ALGORITHMS = "RSAES_OAEP_SHA_256 (default of RSA), RSAES_OAEP_SHA_1 or ECIES_DH_SHA_1_XOR_HMAC";

export function addAsymEncrypt(program: Command): void {
  const encrypt = program
    .command("asym-encrypt")
    .description("encrypt with the public key of an asymmetric key: up to 190 bytes with RSA_2048, 6,144 with EC")
    .option("--base64", "print the ciphertext in base64");
  addAsymmetricOptions(encrypt, ENCRYPTION_ALGORITHMS);
  addDataOptions(encrypt, { input: "the plaintext", output: "the ciphertext" });
  encrypt.action((options: Options, command: Command) =>
    withKms(command, async (kms, { json }) => {
      refuseBinaryAnswer({ ...options, json }, "The ciphertext");
      const plaintext = await readInput(options.in);
      try {
        const answer = await kms.asymmetricEncrypt({ ...(await asymmetricFields(kms, options)), plaintext });
        await writeDataAnswer(answer, "ciphertextBlob", { ...options, json });
      } finally {
        plaintext.fill(0);
      }
    }),
  );
}
