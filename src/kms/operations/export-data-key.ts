import { copyOf } from "../../shared/byte-input.ts";
import type { Call } from "../core/call.ts";
import { exportAlgorithm, type WrappingKeySpec, wrappingKeySpec } from "../import/wrapping.ts";
import { invalidParameter } from "../ports/errors.ts";
import type { ExportAlgorithm } from "../ports/index.ts";
import { bindContext, type EncryptionContext } from "../wire/context.ts";
import { requiredBytes } from "../wire/request-fields.ts";
import { type DataKeyEncoding, dataKeyEncoding, decodeDataKey } from "./data-key-encoding.ts";
import { type GenerateDataKeyRequest, newDataKey } from "./generate-data-key.ts";
import { open } from "./symmetric-decrypt.ts";

/** To whom a data key goes. */
export interface ExportFields {
  /** SubjectPublicKeyInfo (DER) of an RSA_2048 key. */
  readonly publicKeyBlob: Uint8Array;
  readonly wrappingKeySpec: WrappingKeySpec;
  readonly wrappingAlgorithm: ExportAlgorithm;
}

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

export interface GenerateAndExportDataKeyRequest extends GenerateDataKeyRequest, ExportFields {}

export interface GenerateAndExportDataKeyResponse extends ExportDataKeyResponse {
  readonly ciphertextBlob: Uint8Array;
}

type Recipient = Omit<Parameters<Call["core"]["transport"]["wrapFor"]>[0], "data">;

function recipientOf(request: ExportFields): Recipient {
  const publicKey = copyOf(requiredBytes(request.publicKeyBlob, "PublicKeyBlob").subarray(0, MAX_PUBLIC_KEY));
  wrappingKeySpec(request.wrappingKeySpec);
  return { publicKey, algorithm: exportAlgorithm(request.wrappingAlgorithm) };
}

/** More than any RSA_2048 key has; what is longer is refused as malformed. */
const MAX_PUBLIC_KEY = 1_024;

export async function exportDataKey(call: Call, request: ExportDataKeyRequest): Promise<ExportDataKeyResponse> {
  const ciphertextBlob = copyOf(requiredBytes(request.ciphertextBlob, "CiphertextBlob"));
  const recipient = recipientOf(request);
  const encoding = dataKeyEncoding(request.dataKeyEncoding);
  const context = bindContext(request.encryptionContext);
  call.event.context = context;
  const opened = await open(call, { operation: "ExportDataKey", ciphertextBlob, context, keyId: undefined });
  const { keyId, keyVersionId, plaintext } = opened;
  let dataKey: Uint8Array | undefined;
  try {
    dataKey = decodeDataKey(plaintext, encoding);
    if (dataKey.length === 0) throw invalidParameter("CiphertextBlob", "It holds no data key.");
    return { keyId, keyVersionId, exportedDataKey: await call.core.transport.wrapFor({ ...recipient, data: dataKey }) };
  } finally {
    plaintext.fill(0);
    dataKey?.fill(0);
  }
}

export async function generateAndExportDataKey(
  call: Call,
  request: GenerateAndExportDataKeyRequest,
): Promise<GenerateAndExportDataKeyResponse> {
  const recipient = recipientOf(request);
  const { plaintext, ...sealed } = await newDataKey(call, request, "GenerateAndExportDataKey");
  try {
    return { ...sealed, exportedDataKey: await call.core.transport.wrapFor({ ...recipient, data: plaintext }) };
  } finally {
    plaintext.fill(0);
  }
}
