import type { Call } from "../call.ts";
import { bindContext, type EncryptionContext } from "../context.ts";
import { requiredString } from "../ids.ts";
import { requiredBytes } from "../request-fields.ts";
import { cipherWish } from "./cipher-choice.ts";
import { open } from "./symmetric-open.ts";
import { seal } from "./symmetric-seal.ts";

export interface ReEncryptRequest {
  readonly ciphertextBlob: Uint8Array;
  readonly sourceEncryptionContext?: EncryptionContext | undefined;
  /** Key id, alias or ARN of a symmetric key. */
  readonly destinationKeyId: string;
  readonly destinationEncryptionContext?: EncryptionContext | undefined;
  /** The key the given blob must belong to. */
  readonly keyId?: string | undefined;
}

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
  const source = await open(call, { operation: "ReEncrypt", ciphertextBlob, context, keyId: request.keyId });
  try {
    const sealed = await seal(call, {
      operation: "ReEncrypt",
      keyId: destination,
      parameter: "DestinationKeyId",
      plaintext: source.plaintext,
      context: target,
      wish: cipherWish({}),
    });
    call.event.note = `from ${source.keyVersionId}`;
    return { ciphertextBlob: sealed.ciphertextBlob, keyId: source.keyId, keyVersionId: source.keyVersionId };
  } finally {
    source.plaintext.fill(0);
  }
}
