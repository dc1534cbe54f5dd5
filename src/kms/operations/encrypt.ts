import type { Call } from "../core/call.ts";
import { MAX_PLAINTEXT } from "../policy/limits.ts";
import { WHILE_ENABLED } from "../policy/state-table.ts";
import { bytes, plaintext } from "../schema/bytes.ts";
import { context } from "../schema/context.ts";
import { optional } from "../schema/field.ts";
import { flag } from "../schema/scalars.ts";
import { fields } from "../schema/schema.ts";
import { choice, keyName, string } from "../schema/text.ts";
import { type CipherFields, PADDINGS, SYMMETRIC_ALGORITHMS } from "../use/cipher-choice.ts";
import { symmetricEncrypt } from "../use/symmetric-encrypt.ts";
import type { EncryptionContext } from "../wire/context.ts";
import { operation, type ReadOf } from "./operation.ts";

export interface EncryptRequest extends CipherFields {
  /** Key id, alias or ARN of a symmetric key. */
  readonly keyId: string;
  /** At most 6,144 bytes; may be empty. */
  readonly plaintext: Uint8Array;
  /** Authenticated with the ciphertext, never stored; at most 8,192 characters as JSON. */
  readonly encryptionContext?: EncryptionContext | undefined;
  /** Checks everything and fails with `DryRunOperationError` where it would succeed. */
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

export const encrypt = operation({
  name: "Encrypt",
  plane: "data",
  repeatable: true,
  states: WHILE_ENABLED,
  doc: "Encrypts a plaintext under the primary version of a symmetric key.",
  errors: ["UnsupportedOperation", "Rejected.UnsupportedOperation", "Rejected.LimitExceeded", "DryRunOperationError"],
  request: fields<EncryptRequest>()(
    {
      keyId: keyName({ alias: true }),
      plaintext: plaintext({ most: MAX_PLAINTEXT, remedy: "for more use envelope encryption" }),
      encryptionContext: optional(context({ doc: "Authenticated with the ciphertext, never stored." })),
      algorithm: optional(choice(SYMMETRIC_ALGORITHMS, { doc: "The key's first where absent." })),
      paddingMode: optional(choice(PADDINGS, { doc: "CBC and ECB; `PKCS7_PADDING` where absent." })),
      iv: optional(bytes({ lengths: "16 bytes", doc: "CBC only; random where absent." })),
      dryRun: flag({ doc: "Checks everything and fails with `DryRunOperationError` where it would succeed." }),
    },
    (given, read) => ({
      keyId: read.keyId(given.keyId),
      plaintext: read.plaintext(given.plaintext),
      encryptionContext: read.encryptionContext(given.encryptionContext),
      algorithm: read.algorithm(given.algorithm),
      paddingMode: read.paddingMode(given.paddingMode),
      iv: read.iv(given.iv),
      dryRun: read.dryRun(given.dryRun),
    }),
  ),
  response: fields<EncryptResponse>()({
    keyId: string(),
    keyVersionId: string({ doc: "The primary version, which encrypted." }),
    ciphertextBlob: bytes({ lengths: "in GCM 64 bytes longer than the plaintext" }),
    iv: optional(bytes({ lengths: "16 bytes", doc: "CBC only." })),
  }),
});

export function runEncrypt(call: Call, request: ReadOf<typeof encrypt>) {
  const { keyId, plaintext: data, encryptionContext, dryRun } = request;
  call.event.context = encryptionContext;
  return symmetricEncrypt(call, { keyId, plaintext: data, context: encryptionContext, cipher: request, dryRun });
}
