import { randomBytes } from "../../shared/random.ts";
import type { Call } from "../core/call.ts";
import { DEFAULT_DATA_KEY, MAX_DATA_KEY } from "../policy/limits.ts";
import type { KeyOperation } from "../policy/state-table.ts";
import { bindContext, type EncryptionContext } from "../wire/context.ts";
import { optionalBoolean, optionalChoice, requiredInteger } from "../wire/request-fields.ts";
import { requestedCipher } from "./cipher-choice.ts";
import { type DataKeyEncoding, dataKeyEncoding, encodeDataKey } from "./data-key-encoding.ts";
import { type Sealed, seal } from "./symmetric-encrypt.ts";

export type DataKeySpec = "AES_256" | "AES_128";

export interface GenerateDataKeyRequest {
  /** Key id, alias or ARN of a symmetric key. */
  readonly keyId: string;
  /** Ignored when `numberOfBytes` is given. */
  readonly keySpec?: DataKeySpec | undefined;
  /** 1 to 1,024; 32 when neither is given. */
  readonly numberOfBytes?: number | undefined;
  readonly encryptionContext?: EncryptionContext | undefined;
  /** `base64` encrypts the base64 text of the key, as the service does over HTTP; `raw`, the default, its bytes. */
  readonly dataKeyEncoding?: DataKeyEncoding | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface GenerateDataKeyWithoutPlaintextResponse {
  readonly keyId: string;
  readonly keyVersionId: string;
  readonly ciphertextBlob: Uint8Array;
}

export interface GenerateDataKeyResponse extends GenerateDataKeyWithoutPlaintextResponse {
  /** The data key: use it, then wipe it. */
  readonly plaintext: Uint8Array;
}

const SPECS: readonly DataKeySpec[] = ["AES_256", "AES_128"];
const SPEC_LENGTH: Readonly<Record<DataKeySpec, number>> = { AES_256: 32, AES_128: 16 };

export function generateDataKey(call: Call, request: GenerateDataKeyRequest): Promise<GenerateDataKeyResponse> {
  return newDataKey(call, request, "GenerateDataKey");
}

export async function generateDataKeyWithoutPlaintext(
  call: Call,
  request: GenerateDataKeyRequest,
): Promise<GenerateDataKeyWithoutPlaintextResponse> {
  const { plaintext, ...sealed } = await newDataKey(call, request, "GenerateDataKeyWithoutPlaintext");
  plaintext.fill(0);
  return sealed;
}

/** Draws a data key and encrypts it, for whichever operation. */
export async function newDataKey(
  call: Call,
  request: GenerateDataKeyRequest,
  operation: KeyOperation,
): Promise<GenerateDataKeyResponse> {
  const plaintext = randomBytes(dataKeyLength(request));
  try {
    const { keyId, keyVersionId, ciphertextBlob } = await sealDataKey(call, { request, dataKey: plaintext, operation });
    return { keyId, keyVersionId, ciphertextBlob, plaintext };
  } catch (error) {
    plaintext.fill(0);
    throw error;
  }
}

export function dataKeyLength({ keySpec, numberOfBytes }: GenerateDataKeyRequest): number {
  if (numberOfBytes !== undefined && numberOfBytes !== null) {
    return requiredInteger(numberOfBytes, "NumberOfBytes", [1, MAX_DATA_KEY]);
  }
  const spec = optionalChoice(keySpec, "KeySpec", SPECS);
  return spec === undefined ? DEFAULT_DATA_KEY : SPEC_LENGTH[spec];
}

interface DataKeySeal {
  readonly request: GenerateDataKeyRequest;
  readonly dataKey: Uint8Array;
  readonly operation: KeyOperation;
}

async function sealDataKey(call: Call, { request, dataKey, operation }: DataKeySeal): Promise<Sealed> {
  const context = bindContext(request.encryptionContext);
  call.event.context = context;
  const plaintext = encodeDataKey(dataKey, dataKeyEncoding(request.dataKeyEncoding));
  const dryRun = optionalBoolean(request.dryRun, "DryRun");
  try {
    return await seal(call, {
      operation,
      keyId: request.keyId,
      plaintext,
      context,
      cipher: requestedCipher({}),
      dryRun,
    });
  } finally {
    plaintext.fill(0);
  }
}
