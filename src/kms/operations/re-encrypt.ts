import { copyOf } from "../../shared/byte-input.ts";
import type { Call } from "../core/call.ts";
import { WHILE_ENABLED } from "../policy/state-table.ts";
import { invalidParameter, missingParameter } from "../ports/errors.ts";
import type { AsymmetricEncryptionAlgorithm } from "../ports/index.ts";
import { bytes } from "../schema/bytes.ts";
import { context } from "../schema/context.ts";
import { optional } from "../schema/field.ts";
import { fields } from "../schema/schema.ts";
import { choice, keyName, string } from "../schema/text.ts";
import { useAsymmetricKey } from "../use/asymmetric-key.ts";
import { KEY_DEFAULTS } from "../use/cipher-choice.ts";
import { type Decrypted, oneAnswer, symmetricDecrypt } from "../use/symmetric-decrypt.ts";
import { symmetricEncrypt } from "../use/symmetric-encrypt.ts";
import type { EncryptionContext } from "../wire/context.ts";
import { operation, type ReadOf } from "./operation.ts";

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

export interface ReEncryptResponse {
  readonly ciphertextBlob: Uint8Array;
  /** The key and version that decrypted, as the service answers. */
  readonly keyId: string;
  readonly keyVersionId: string;
}

/** More bytes than any RSA ciphertext has. */
const MAX_CIPHERTEXT = 1_024;

export const reEncrypt = operation({
  name: "ReEncrypt",
  plane: "data",
  repeatable: true,
  states: WHILE_ENABLED,
  doc: "Decrypts a ciphertext and encrypts its plaintext under another key, without showing it.",
  errors: ["UnsupportedOperation", "Rejected.UnsupportedOperation", "Rejected.LimitExceeded"],
  request: fields<ReEncryptRequest>()({
    ciphertextBlob: bytes({
      doc: "A blob of Encrypt or GenerateDataKey; with `sourceKeyId`, what was encrypted under that key's public key.",
    }),
    destinationKeyId: keyName({ alias: true, doc: "A symmetric key." }),
    destinationEncryptionContext: optional(context()),
    sourceEncryptionContext: optional(context()),
    keyId: optional(keyName({ alias: true, neverNull: true, doc: "The key the given blob must belong to." })),
    sourceKeyId: optional(keyName({ alias: true, doc: "An RSA key for `ENCRYPT/DECRYPT`." })),
    sourceKeyVersionId: optional(string({ doc: "Required with `sourceKeyId`." })),
    sourceEncryptionAlgorithm: optional(
      choice<SourceAlgorithm>(["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"], { doc: "Required with `sourceKeyId`." }),
    ),
  }),
  response: fields<ReEncryptResponse>()({
    ciphertextBlob: bytes(),
    keyId: string({ doc: "The key that decrypted." }),
    keyVersionId: string({ doc: "The version that decrypted." }),
  }),
});

export async function runReEncrypt(call: Call, request: ReadOf<typeof reEncrypt>) {
  const { ciphertextBlob, destinationKeyId, destinationEncryptionContext, sourceEncryptionContext } = request;
  call.event.context = sourceEncryptionContext;
  const source = isOfPublicKey(request)
    ? await decryptOfPublicKey(call, request, ciphertextBlob)
    : await symmetricDecrypt(call, { ciphertextBlob, context: sourceEncryptionContext, keyId: request.keyId });
  try {
    const encrypted = await symmetricEncrypt(call, {
      keyId: destinationKeyId,
      parameter: "DestinationKeyId",
      plaintext: source.plaintext,
      context: destinationEncryptionContext,
      cipher: KEY_DEFAULTS,
    });
    call.event.note = `from ${source.keyVersionId}`;
    return { ciphertextBlob: encrypted.ciphertextBlob, keyId: source.keyId, keyVersionId: source.keyVersionId };
  } finally {
    source.plaintext.fill(0);
  }
}

function isOfPublicKey({ sourceKeyId, sourceKeyVersionId, sourceEncryptionAlgorithm }: PublicKeySource): boolean {
  return [sourceKeyId, sourceKeyVersionId, sourceEncryptionAlgorithm].some((field) => field !== undefined);
}

async function decryptOfPublicKey(
  call: Call,
  source: PublicKeySource & Pick<ReEncryptRequest, "keyId">,
  ciphertext: Uint8Array,
): Promise<Decrypted> {
  const { sourceKeyId: keyId, sourceKeyVersionId: keyVersionId, sourceEncryptionAlgorithm: algorithm } = source;
  if (keyId === undefined) throw missingParameter("SourceKeyId");
  if (keyVersionId === undefined) throw missingParameter("SourceKeyVersionId");
  if (algorithm === undefined) throw missingParameter("SourceEncryptionAlgorithm");
  if (call.event.context !== undefined) {
    throw invalidParameter("SourceEncryptionContext", "Encryption under a public key binds no context.");
  }
  if (source.keyId !== undefined) throw invalidParameter("KeyId", "SourceKeyId says which key it is.");
  const data = copyOf(ciphertext.subarray(0, MAX_CIPHERTEXT));
  try {
    const { result, ...answer } = await useAsymmetricKey<AsymmetricEncryptionAlgorithm, Uint8Array>(call, {
      usage: "ENCRYPT/DECRYPT",
      fields: { keyId, keyVersionId, algorithm },
      work: (key, chosen) => key.decrypt({ algorithm: chosen, data, signal: call.signal }),
    });
    return { ...answer, plaintext: result };
  } catch (error) {
    throw oneAnswer(error);
  }
}
