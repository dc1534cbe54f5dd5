import type { Call } from "../core/call.ts";
import { WHILE_ENABLED } from "../policy/state-table.ts";
import { bytes, plaintext } from "../schema/bytes.ts";
import { context } from "../schema/context.ts";
import { optional } from "../schema/field.ts";
import { flag } from "../schema/scalars.ts";
import { fields } from "../schema/schema.ts";
import { keyName, string } from "../schema/text.ts";
import { symmetricDecrypt } from "../use/symmetric-decrypt.ts";
import type { EncryptionContext } from "../wire/context.ts";
import { operation, type ReadOf } from "./operation.ts";

export interface DecryptRequest {
  readonly ciphertextBlob: Uint8Array;
  /** Equal to the one given to Encrypt, in any order. */
  readonly encryptionContext?: EncryptionContext | undefined;
  /** The key the blob must belong to. Give it wherever you know it: without it, the blob chooses. */
  readonly keyId?: string | undefined;
  /** The version the blob must belong to. A response of Encrypt can be passed to Decrypt; add only the context. */
  readonly keyVersionId?: string | undefined;
  /** Decrypts, answers nothing, and fails with `DryRunOperationError` where it would succeed. */
  readonly dryRun?: boolean | undefined;
}

export interface DecryptResponse {
  readonly keyId: string;
  readonly keyVersionId: string;
  readonly plaintext: Uint8Array;
}

export const decrypt = operation({
  name: "Decrypt",
  plane: "data",
  repeatable: true,
  states: WHILE_ENABLED,
  doc: "Decrypts a blob with the key and version it names.",
  errors: ["DryRunOperationError"],
  request: fields<DecryptRequest>()(
    {
      ciphertextBlob: bytes(),
      encryptionContext: optional(context({ doc: "Equal to the one given to Encrypt, in any order." })),
      keyId: optional(keyName({ alias: true, neverNull: true, doc: "The key the blob must belong to." })),
      keyVersionId: optional(string({ doc: "The version the blob must belong to." })),
      dryRun: flag({ doc: "Decrypts, answers nothing, and fails with `DryRunOperationError` where it would succeed." }),
    },
    (given, read) => ({
      ciphertextBlob: read.ciphertextBlob(given.ciphertextBlob),
      encryptionContext: read.encryptionContext(given.encryptionContext),
      keyId: read.keyId(given.keyId),
      keyVersionId: read.keyVersionId(given.keyVersionId),
      dryRun: read.dryRun(given.dryRun),
    }),
  ),
  response: fields<DecryptResponse>()({
    keyId: string(),
    keyVersionId: string(),
    plaintext: plaintext({ lengths: "at most 6,144 bytes" }),
  }),
});

export function runDecrypt(
  call: Call,
  { ciphertextBlob, encryptionContext: context, keyId, keyVersionId, dryRun }: ReadOf<typeof decrypt>,
) {
  call.event.context = context;
  return symmetricDecrypt(call, { ciphertextBlob, context, keyId, keyVersionId, dryRun });
}
