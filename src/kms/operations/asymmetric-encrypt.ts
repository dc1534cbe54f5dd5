import { copyOf } from "../../shared/byte-input.ts";
import type { Call } from "../core/call.ts";
import { MAX_PLAINTEXT } from "../policy/limits.ts";
import { WHILE_ENABLED } from "../policy/state-table.ts";
import type { AsymmetricEncryptionAlgorithm } from "../ports/index.ts";
import { bytes } from "../schema/bytes.ts";
import { flag } from "../schema/scalars.ts";
import { fields } from "../schema/schema.ts";
import { keyName, string } from "../schema/text.ts";
import {
  type AsymmetricAnswer,
  type AsymmetricFields,
  algorithmField,
  tooLong,
  useAsymmetricKey,
} from "../use/asymmetric-key.ts";
import { operation, type ReadOf } from "./operation.ts";
import { ENCRYPTION_ALGORITHMS } from "./parts/encryption-algorithms.ts";

export interface AsymmetricEncryptRequest extends AsymmetricFields<AsymmetricEncryptionAlgorithm> {
  /**
   * May be empty. At most 190, 318 or 446 bytes under RSAES_OAEP_SHA_256 (2,048, 3,072, 4,096 bits), 214, 342 or 470 under
   * RSAES_OAEP_SHA_1, 6,144 under ECIES.
   */
  readonly plaintext: Uint8Array;
  /** Encrypts, answers nothing, and fails with `DryRunOperationError` where it would succeed. */
  readonly dryRun?: boolean | undefined;
}

export interface AsymmetricEncryptResponse extends AsymmetricAnswer {
  /** As long as the modulus, or 85 bytes longer than the plaintext under ECIES; nothing of ours around it. */
  readonly ciphertextBlob: Uint8Array;
}

export const asymmetricEncrypt = operation({
  name: "AsymmetricEncrypt",
  plane: "data",
  repeatable: true,
  states: WHILE_ENABLED,
  doc: "Encrypts a short plaintext under a public key; the ciphertext is the standard's, without a header.",
  errors: ["Rejected.UnsupportedOperation", "DryRunOperationError"],
  request: fields<AsymmetricEncryptRequest>()({
    keyId: keyName({ alias: true, doc: "An asymmetric key." }),
    keyVersionId: string({ doc: "Asymmetric keys have no primary version." }),
    plaintext: bytes({
      most: MAX_PLAINTEXT,
      remedy: "for more use envelope encryption",
      doc: "Under RSA less: 190, 318 or 446 with SHA-256 (2,048, 3,072, 4,096 bits), 214, 342 or 470 with SHA-1.",
    }),
    algorithm: algorithmField(ENCRYPTION_ALGORITHMS),
    dryRun: flag(),
  }),
  response: fields<AsymmetricEncryptResponse>()({
    keyId: string(),
    keyVersionId: string(),
    ciphertextBlob: bytes({ lengths: "as long as the modulus; 85 bytes longer than the plaintext under ECIES" }),
  }),
});

export async function runAsymmetricEncrypt(
  call: Call,
  { plaintext, dryRun, ...used }: ReadOf<typeof asymmetricEncrypt>,
) {
  const data = copyOf(plaintext);
  try {
    const { result, ...answer } = await useAsymmetricKey<AsymmetricEncryptionAlgorithm, Uint8Array>(call, {
      usage: "ENCRYPT/DECRYPT",
      fields: used,
      dryRun,
      work: (key, algorithm) => key.encrypt({ algorithm, data, signal: call.signal }),
    });
    return { ...answer, ciphertextBlob: result };
  } catch (error) {
    throw tooLong(error, "Plaintext");
  } finally {
    data.fill(0);
  }
}
