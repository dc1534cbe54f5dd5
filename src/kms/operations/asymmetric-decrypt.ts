import { copyOf } from "../../shared/byte-input.ts";
import type { Call } from "../core/call.ts";
import { MAX_PLAINTEXT } from "../policy/limits.ts";
import { WHILE_ENABLED } from "../policy/state-table.ts";
import { invalidCiphertext } from "../ports/errors.ts";
import type { AsymmetricEncryptionAlgorithm } from "../ports/index.ts";
import { bytes } from "../schema/bytes.ts";
import { flag } from "../schema/scalars.ts";
import { fields } from "../schema/schema.ts";
import { keyName, string } from "../schema/text.ts";
import {
  type AsymmetricAnswer,
  type AsymmetricFields,
  algorithmField,
  useAsymmetricKey,
} from "../use/asymmetric-key.ts";
import { oneAnswer } from "../use/symmetric-decrypt.ts";
import { operation, type ReadOf } from "./operation.ts";
import { ENCRYPTION_ALGORITHMS } from "./parts/encryption-algorithms.ts";

export interface AsymmetricDecryptRequest extends AsymmetricFields<AsymmetricEncryptionAlgorithm> {
  readonly ciphertextBlob: Uint8Array;
  /** Decrypts, answers nothing, and fails with `DryRunOperationError` where it would succeed. */
  readonly dryRun?: boolean | undefined;
}

export interface AsymmetricDecryptResponse extends AsymmetricAnswer {
  readonly plaintext: Uint8Array;
}

/** Of ECIES, the longest there is. */
const MAX_CIPHERTEXT = MAX_PLAINTEXT + 85;

export const asymmetricDecrypt = operation({
  name: "AsymmetricDecrypt",
  plane: "data",
  repeatable: true,
  states: WHILE_ENABLED,
  doc: "Decrypts what was encrypted under the public key.",
  errors: ["Rejected.UnsupportedOperation", "DryRunOperationError"],
  request: fields<AsymmetricDecryptRequest>()({
    keyId: keyName({ alias: true, doc: "An asymmetric key." }),
    keyVersionId: string(),
    ciphertextBlob: bytes(),
    algorithm: algorithmField(ENCRYPTION_ALGORITHMS),
    dryRun: flag(),
  }),
  response: fields<AsymmetricDecryptResponse>()({ keyId: string(), keyVersionId: string(), plaintext: bytes() }),
});

export async function runAsymmetricDecrypt(
  call: Call,
  { ciphertextBlob, dryRun, ...used }: ReadOf<typeof asymmetricDecrypt>,
) {
  if (ciphertextBlob.length > MAX_CIPHERTEXT) throw invalidCiphertext();
  const data = copyOf(ciphertextBlob);
  try {
    const { result, ...answer } = await useAsymmetricKey<AsymmetricEncryptionAlgorithm, Uint8Array>(call, {
      usage: "ENCRYPT/DECRYPT",
      fields: used,
      dryRun,
      work: (key, algorithm) => key.decrypt({ algorithm, data, signal: call.signal }),
    });
    return { ...answer, plaintext: result };
  } catch (error) {
    throw oneAnswer(error);
  }
}
