import { WHILE_ENABLED } from "../policy/state-table.ts";
import { bytes } from "../schema/bytes.ts";
import { fields } from "../schema/schema.ts";
import type { DataKeyEncoding } from "../use/data-key-encoding.ts";
import { type DataKeySpec, newDataKey } from "../use/new-data-key.ts";
import type { EncryptionContext } from "../wire/context.ts";
import { operation } from "./operation.ts";
import { DATA_KEY_ERRORS, dataKeyAnswer, dataKeyFields } from "./parts/data-key.ts";

export type { DataKeySpec } from "../use/new-data-key.ts";

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

export interface GenerateDataKeyResponse {
  readonly keyId: string;
  readonly keyVersionId: string;
  /** The data key under the CMK. */
  readonly ciphertextBlob: Uint8Array;
  /** The data key: use it, then wipe it. */
  readonly plaintext: Uint8Array;
}

export const generateDataKey = operation({
  name: "GenerateDataKey",
  plane: "data",
  repeatable: true,
  states: WHILE_ENABLED,
  doc: "Draws a random data key and encrypts it under a CMK.",
  errors: DATA_KEY_ERRORS,
  request: fields<GenerateDataKeyRequest>()(dataKeyFields, (given, read) => ({
    keyId: read.keyId(given.keyId),
    keySpec: read.keySpec(given.keySpec),
    numberOfBytes: read.numberOfBytes(given.numberOfBytes),
    encryptionContext: read.encryptionContext(given.encryptionContext),
    dataKeyEncoding: read.dataKeyEncoding(given.dataKeyEncoding),
    dryRun: read.dryRun(given.dryRun),
  })),
  response: fields<GenerateDataKeyResponse>()({
    ...dataKeyAnswer,
    plaintext: bytes({ lengths: "as many as asked for", doc: "The data key." }),
  }),
});

export const runGenerateDataKey = newDataKey;
