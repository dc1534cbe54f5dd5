import { copyOf } from "../../shared/byte-input.ts";
import type { Call } from "../core/call.ts";
import { invalidParameter, missingParameter } from "../ports/errors.ts";
import type { AsymmetricEncryptionAlgorithm } from "../ports/index.ts";
import { bindContext, type EncryptionContext } from "../wire/context.ts";
import { requiredString } from "../wire/ids.ts";
import { optionalChoice, requiredBytes } from "../wire/request-fields.ts";
import { useAsymmetricKey } from "./asymmetric-use.ts";
import { requestedCipher } from "./cipher-choice.ts";
import { type Opened, opaque, open } from "./symmetric-decrypt.ts";
import { seal } from "./symmetric-encrypt.ts";

export interface ReEncryptRequest extends PublicKeySource {
  /** A blob of Encrypt or GenerateDataKey; with `sourceKeyId`, what was encrypted under that key's public key. */
  readonly ciphertextBlob: Uint8Array;
  readonly sourceEncryptionContext?: EncryptionContext | undefined;
  /** Key id, alias or ARN of a symmetric key. */
  readonly destinationKeyId: string;
  readonly destinationEncryptionContext?: EncryptionContext | undefined;
  /** The key the given blob must belong to. */
  readonly keyId?: string | undefined;
}

/** Where a ciphertext comes from that names no key itself: all three fields, or none. */
export interface PublicKeySource {
  /** Key id, alias or ARN of an RSA key for `ENCRYPT/DECRYPT`. */
  readonly sourceKeyId?: string | undefined;
  readonly sourceKeyVersionId?: string | undefined;
  readonly sourceEncryptionAlgorithm?: SourceAlgorithm | undefined;
}

export type SourceAlgorithm = "RSAES_OAEP_SHA_256" | "RSAES_OAEP_SHA_1";

const SOURCE_ALGORITHMS: readonly SourceAlgorithm[] = ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"];

export interface ReEncryptResponse {
  readonly ciphertextBlob: Uint8Array;
  /** The key and version that decrypted, as the service answers. */
  readonly keyId: string;
  readonly keyVersionId: string;
}

export async function reEncrypt(call: Call, request: ReEncryptRequest): Promise<ReEncryptResponse> {
  const ciphertextBlob = requiredBytes(request.ciphertextBlob, "CiphertextBlob");
  const destination = requiredString(request.destinationKeyId, "DestinationKeyId");
  const target = bindContext(request.destinationEncryptionContext, "DestinationEncryptionContext");
  const context = bindContext(request.sourceEncryptionContext, "SourceEncryptionContext");
  call.event.context = context;
  const source = isOfPublicKey(request)
    ? await openOfPublicKey(call, request, ciphertextBlob)
    : await open(call, { operation: "ReEncrypt", ciphertextBlob, context, keyId: request.keyId });
  try {
    const sealed = await seal(call, {
      operation: "ReEncrypt",
      keyId: destination,
      parameter: "DestinationKeyId",
      plaintext: source.plaintext,
      context: target,
      cipher: requestedCipher({}),
    });
    call.event.note = `from ${source.keyVersionId}`;
    return { ciphertextBlob: sealed.ciphertextBlob, keyId: source.keyId, keyVersionId: source.keyVersionId };
  } finally {
    source.plaintext.fill(0);
  }
}

function isOfPublicKey({ sourceKeyId, sourceKeyVersionId, sourceEncryptionAlgorithm }: PublicKeySource): boolean {
  return [sourceKeyId, sourceKeyVersionId, sourceEncryptionAlgorithm].some(
    (field) => field !== undefined && field !== null,
  );
}

async function openOfPublicKey(call: Call, request: ReEncryptRequest, ciphertext: Uint8Array): Promise<Opened> {
  const keyId = requiredString(request.sourceKeyId, "SourceKeyId");
  const keyVersionId = requiredString(request.sourceKeyVersionId, "SourceKeyVersionId");
  const parameter = "SourceEncryptionAlgorithm";
  const algorithm = optionalChoice(request.sourceEncryptionAlgorithm, parameter, SOURCE_ALGORITHMS);
  if (algorithm === undefined) throw missingParameter(parameter);
  if (call.event.context !== undefined) {
    throw invalidParameter("SourceEncryptionContext", "Encryption under a public key binds no context.");
  }
  if (request.keyId !== undefined) throw invalidParameter("KeyId", "SourceKeyId says which key it is.");
  const data = copyOf(ciphertext.subarray(0, MAX_CIPHERTEXT));
  try {
    const { result, ...source } = await useAsymmetricKey<AsymmetricEncryptionAlgorithm, Uint8Array>(call, {
      operation: "ReEncrypt",
      usage: "ENCRYPT/DECRYPT",
      fields: { keyId, keyVersionId, algorithm },
      work: (key, chosen) => key.decrypt({ algorithm: chosen, data, signal: call.signal }),
    });
    return { ...source, plaintext: result };
  } catch (error) {
    throw opaque(error);
  }
}

/** Longer than any RSA ciphertext: what is longer still is refused as this is. */
const MAX_CIPHERTEXT = 1_024;
