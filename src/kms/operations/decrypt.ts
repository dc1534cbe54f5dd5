import type { Call } from "../core/call.ts";
import type { MaybePromise } from "../ports/index.ts";
import { bindContext, type EncryptionContext } from "../wire/context.ts";
import { optionalBoolean, requiredBytes } from "../wire/request-fields.ts";
import { open } from "./symmetric-decrypt.ts";

export interface DecryptRequest {
  readonly ciphertextBlob: Uint8Array;
  /** Equal to the one given to Encrypt, in any order. */
  readonly encryptionContext?: EncryptionContext | undefined;
  /** The key the blob must belong to. Give it wherever you know it: without it, the blob chooses. */
  readonly keyId?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface DecryptResponse {
  readonly keyId: string;
  readonly keyVersionId: string;
  readonly plaintext: Uint8Array;
}

export function decrypt(call: Call, request: DecryptRequest): MaybePromise<DecryptResponse> {
  const ciphertextBlob = requiredBytes(request.ciphertextBlob, "CiphertextBlob");
  const context = bindContext(request.encryptionContext);
  call.event.context = context;
  return open(call, {
    operation: "Decrypt",
    ciphertextBlob,
    context,
    keyId: request.keyId,
    dryRun: optionalBoolean(request.dryRun, "DryRun"),
  });
}
