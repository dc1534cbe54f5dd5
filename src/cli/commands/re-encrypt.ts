import type { Command } from "commander";
import type { KmsOperations, ReEncryptRequest } from "../../kms/index.ts";
import {
  addDataOptions,
  type DataOptions,
  fromBase64,
  readInput,
  refuseBinaryAnswer,
  writeDataAnswer,
} from "../files/data.ts";
import { asymmetricFields } from "../options/asymmetric-options.ts";
import { decrypting, isEnvelope } from "../options/ciphertext.ts";
import { pair } from "../options/option-values.ts";
import { UsageError } from "../report/failures.ts";
import { withKms } from "../settings/with-kms.ts";

interface ReEncryptOptions extends DataOptions {
  readonly to: string;
  readonly key?: string;
  readonly context?: Readonly<Record<string, string>>;
  readonly toContext?: Readonly<Record<string, string>>;
  readonly sourceKey?: string;
  readonly sourceKeyVersion?: string;
  readonly sourceAlgorithm?: ReEncryptRequest["sourceEncryptionAlgorithm"];
}

export function addReEncrypt(program: Command): void {
  const reEncrypt = program
    .command("re-encrypt")
    .description("move a ciphertext to another key, or to the newest version of its key; no plaintext is shown")
    .requiredOption("--to <key>", "key id, alias or ARN")
    .option("--key <key>", "refuse a ciphertext of any other key")
    .option("--context <key=value>", "the encryption context it was encrypted with; may be repeated", pair)
    .option("--to-context <key=value>", "the new encryption context; may be repeated", pair)
    .option("--source-key <key>", "the RSA key, where a public key encrypted it")
    .option("--source-key-version <id>", "the version of that key, needed when it has several")
    .option("--source-algorithm <name>", "RSAES_OAEP_SHA_256 (default) or RSAES_OAEP_SHA_1")
    .option("--base64", "the ciphertexts are in base64");
  addDataOptions(reEncrypt, { input: "the ciphertext", output: "the new ciphertext" });
  reEncrypt.action((options: ReEncryptOptions, command: Command) =>
    withKms(command, async (kms, { json }) => {
      refuseBinaryAnswer({ ...options, json }, "The ciphertext");
      const input = await readInput(options.in);
      if (isEnvelope(input)) throw new UsageError(ENVELOPE);
      const request = {
        ciphertextBlob: options.base64 ? fromBase64(input) : input,
        sourceEncryptionContext: options.context,
        destinationKeyId: options.to,
        destinationEncryptionContext: options.toContext,
        keyId: options.key,
        ...(await sourceFields(kms, options)),
      };
      const reEncrypt = () => kms.reEncrypt(request);
      const answer = await (options.sourceKey === undefined ? decrypting(reEncrypt) : reEncrypt());
      await writeDataAnswer(answer, "ciphertextBlob", { ...options, json });
    }),
  );
}

const ENVELOPE = "The input is an envelope message. Move it to another key with: lanelock rewrap";

/** The source of a ciphertext that names no key itself. */
async function sourceFields(kms: KmsOperations, options: ReEncryptOptions) {
  const { sourceKey, sourceKeyVersion, sourceAlgorithm = "RSAES_OAEP_SHA_256" } = options;
  if (sourceKey === undefined) {
    if (sourceKeyVersion === undefined && options.sourceAlgorithm === undefined) return {};
    throw new UsageError("--source-key-version and --source-algorithm describe a --source-key. Give one.");
  }
  const { keyId, keyVersionId } = await asymmetricFields(kms, { key: sourceKey, keyVersion: sourceKeyVersion });
  return { sourceKeyId: keyId, sourceKeyVersionId: keyVersionId, sourceEncryptionAlgorithm: sourceAlgorithm };
}
