import { copyOf } from "../../shared/byte-input.ts";
import type { Call } from "../core/call.ts";
import { WHILE_ENABLED } from "../policy/state-table.ts";
import { invalidParameter } from "../ports/errors.ts";
import { bytes } from "../schema/bytes.ts";
import { context } from "../schema/context.ts";
import { optional } from "../schema/field.ts";
import { fields } from "../schema/schema.ts";
import { type DataKeyEncoding, dataKeyEncoding, decodeDataKey } from "../use/data-key-encoding.ts";
import { symmetricDecrypt } from "../use/symmetric-decrypt.ts";
import type { EncryptionContext } from "../wire/context.ts";
import { operation, type ReadOf } from "./operation.ts";
import { type ExportFields, exportAnswer, exportFields, recipientOf } from "./parts/export.ts";

export type { ExportFields } from "./parts/export.ts";

export interface ExportDataKeyRequest extends ExportFields {
  /** From GenerateDataKey or Encrypt. */
  readonly ciphertextBlob: Uint8Array;
  readonly encryptionContext?: EncryptionContext | undefined;
  /** `base64` when the blob holds the base64 text of the data key, as those made over HTTP do. */
  readonly dataKeyEncoding?: DataKeyEncoding | undefined;
}

export interface ExportDataKeyResponse {
  readonly keyId: string;
  readonly keyVersionId: string;
  /** The data key under the given public key, 256 bytes. */
  readonly exportedDataKey: Uint8Array;
}

export const exportDataKey = operation({
  name: "ExportDataKey",
  plane: "data",
  repeatable: true,
  states: WHILE_ENABLED,
  doc: "Decrypts a data key and encrypts it under a recipient's RSA_2048 key, without showing it.",
  errors: [],
  request: fields<ExportDataKeyRequest>()({
    ciphertextBlob: bytes({ doc: "From GenerateDataKey or Encrypt." }),
    ...exportFields,
    dataKeyEncoding,
    encryptionContext: optional(context()),
  }),
  response: fields<ExportDataKeyResponse>()(exportAnswer),
});

export async function runExportDataKey(call: Call, request: ReadOf<typeof exportDataKey>) {
  const ciphertextBlob = copyOf(request.ciphertextBlob);
  const recipient = recipientOf(request);
  call.event.context = request.encryptionContext;
  const decrypted = await symmetricDecrypt(call, {
    ciphertextBlob,
    context: request.encryptionContext,
    keyId: undefined,
  });
  const { keyId, keyVersionId, plaintext } = decrypted;
  let data: Uint8Array | undefined;
  try {
    data = decodeDataKey(plaintext, request.dataKeyEncoding);
    if (data.length === 0) throw invalidParameter("CiphertextBlob", "It holds no data key.");
    return { keyId, keyVersionId, exportedDataKey: await call.core.transport.wrapFor({ ...recipient, data }) };
  } finally {
    plaintext.fill(0);
    data?.fill(0);
  }
}
