import type { Call } from "../core/call.ts";
import { MAX_PLAINTEXT } from "../policy/limits.ts";
import { invalidParameter } from "../ports/errors.ts";
import type { MaybePromise } from "../ports/index.ts";
import { bindContext, type EncryptionContext } from "../wire/context.ts";
import { optionalBoolean, requiredBytes } from "../wire/request-fields.ts";
import { type CipherFields, requestedCipher } from "./cipher-choice.ts";
import { seal } from "./symmetric-encrypt.ts";

export interface EncryptRequest extends CipherFields {
  /** Key id, alias or ARN of a symmetric key. */
  readonly keyId: string;
  /** At most 6,144 bytes; may be empty. */
  readonly plaintext: Uint8Array;
  /** Authenticated with the ciphertext, never stored; at most 8,192 characters as JSON. */
  readonly encryptionContext?: EncryptionContext | undefined;
  /** Checks everything and answers `DryRunOperationError` where it would succeed. */
  readonly dryRun?: boolean | undefined;
}

export interface EncryptResponse {
  readonly keyId: string;
  /** The primary version, which encrypted. */
  readonly keyVersionId: string;
  /** 64 bytes longer than the plaintext in GCM. */
  readonly ciphertextBlob: Uint8Array;
  /** CBC only: the IV, which is also in the blob. */
  readonly iv?: Uint8Array | undefined;
}

export function encrypt(call: Call, request: EncryptRequest): MaybePromise<EncryptResponse> {
  const plaintext = requiredBytes(request.plaintext, "Plaintext");
  if (plaintext.length > MAX_PLAINTEXT) {
    throw invalidParameter("Plaintext", `It may have ${MAX_PLAINTEXT} bytes; for more use envelope encryption.`);
  }
  const context = bindContext(request.encryptionContext);
  call.event.context = context;
  return seal(call, {
    operation: "Encrypt",
    keyId: request.keyId,
    plaintext,
    context,
    cipher: requestedCipher(request),
    dryRun: optionalBoolean(request.dryRun, "DryRun"),
  });
}
