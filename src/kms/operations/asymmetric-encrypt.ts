import { copyOf } from "../../shared/byte-input.ts";
import type { Call } from "../core/call.ts";
import { MAX_PLAINTEXT } from "../policy/limits.ts";
import { invalidCiphertext, invalidParameter } from "../ports/errors.ts";
import type { AsymmetricEncryptionAlgorithm } from "../ports/index.ts";
import { optionalBoolean, requiredBytes } from "../wire/request-fields.ts";
import { type AsymmetricAnswer, type AsymmetricFields, tooLong, useAsymmetricKey } from "./asymmetric-use.ts";
import { opaque } from "./symmetric-decrypt.ts";

export interface AsymmetricEncryptRequest extends AsymmetricFields<AsymmetricEncryptionAlgorithm> {
  /**
   * May be empty. At most 190, 318 or 446 bytes under RSAES_OAEP_SHA_256 (2,048, 3,072, 4,096 bits), 214, 342 or 470 under
   * RSAES_OAEP_SHA_1, 6,144 under ECIES.
   */
  readonly plaintext: Uint8Array;
  /** Checks everything and answers `DryRunOperationError` where it would succeed. */
  readonly dryRun?: boolean | undefined;
}

export interface AsymmetricEncryptResponse extends AsymmetricAnswer {
  /** As long as the modulus, or 85 bytes longer than the plaintext under ECIES; nothing of ours around it. */
  readonly ciphertextBlob: Uint8Array;
}

export interface AsymmetricDecryptRequest extends AsymmetricFields<AsymmetricEncryptionAlgorithm> {
  readonly ciphertextBlob: Uint8Array;
  readonly dryRun?: boolean | undefined;
}

export interface AsymmetricDecryptResponse extends AsymmetricAnswer {
  readonly plaintext: Uint8Array;
}

/** The longest ciphertext there is: ECIES. */
const MAX_CIPHERTEXT = MAX_PLAINTEXT + 85;

export async function asymmetricEncrypt(
  call: Call,
  request: AsymmetricEncryptRequest,
): Promise<AsymmetricEncryptResponse> {
  const given = requiredBytes(request.plaintext, "Plaintext");
  if (given.length > MAX_PLAINTEXT) {
    throw invalidParameter("Plaintext", `It may have ${MAX_PLAINTEXT} bytes; for more use envelope encryption.`);
  }
  const data = copyOf(given);
  try {
    const { result, ...answer } = await useAsymmetricKey<AsymmetricEncryptionAlgorithm, Uint8Array>(call, {
      operation: "AsymmetricEncrypt",
      usage: "ENCRYPT/DECRYPT",
      fields: request,
      dryRun: optionalBoolean(request.dryRun, "DryRun"),
      work: (key, algorithm) => key.encrypt({ algorithm, data, signal: call.signal }),
    });
    return { ...answer, ciphertextBlob: result };
  } catch (error) {
    throw tooLong(error, "Plaintext");
  } finally {
    data.fill(0);
  }
}

export async function asymmetricDecrypt(
  call: Call,
  request: AsymmetricDecryptRequest,
): Promise<AsymmetricDecryptResponse> {
  const given = requiredBytes(request.ciphertextBlob, "CiphertextBlob");
  if (given.length > MAX_CIPHERTEXT) throw invalidCiphertext();
  const data = copyOf(given);
  try {
    const { result, ...answer } = await useAsymmetricKey<AsymmetricEncryptionAlgorithm, Uint8Array>(call, {
      operation: "AsymmetricDecrypt",
      usage: "ENCRYPT/DECRYPT",
      fields: request,
      dryRun: optionalBoolean(request.dryRun, "DryRun"),
      work: (key, algorithm) => key.decrypt({ algorithm, data, signal: call.signal }),
    });
    return { ...answer, plaintext: result };
  } catch (error) {
    throw opaque(error);
  }
}
