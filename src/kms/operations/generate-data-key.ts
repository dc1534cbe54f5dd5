import { MAX_DATA_KEY } from "../policy/limits.ts";
import { WHILE_ENABLED } from "../policy/state-table.ts";
import { bytes } from "../schema/bytes.ts";
import { context } from "../schema/context.ts";
import { optional } from "../schema/field.ts";
import { flag, integer } from "../schema/scalars.ts";
import { fields } from "../schema/schema.ts";
import { choice, keyName, string } from "../schema/text.ts";
import { type DataKeyEncoding, dataKeyEncoding } from "../use/data-key-encoding.ts";
import { type DataKeySpec, newDataKey } from "../use/new-data-key.ts";
import type { EncryptionContext } from "../wire/context.ts";
import { operation } from "./operation.ts";

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

export const dataKeyFields = {
  keyId: keyName({ alias: true, doc: "A symmetric key." }),
  keySpec: optional(choice<DataKeySpec>(["AES_256", "AES_128"], { doc: "Ignored where `numberOfBytes` is given." })),
  numberOfBytes: optional(integer([1, MAX_DATA_KEY], { doc: "32 where neither is given." })),
  encryptionContext: optional(context()),
  dataKeyEncoding,
  dryRun: flag(),
};

export const dataKeyAnswer = {
  keyId: string(),
  keyVersionId: string(),
  ciphertextBlob: bytes({ doc: "The data key under the CMK." }),
};

export const DATA_KEY_ERRORS = [
  ...(["UnsupportedOperation", "Rejected.UnsupportedOperation"] as const),
  ...(["Rejected.LimitExceeded", "DryRunOperationError"] as const),
];

export const generateDataKey = operation({
  name: "GenerateDataKey",
  plane: "data",
  states: WHILE_ENABLED,
  doc: "Draws a random data key and encrypts it under a CMK.",
  errors: DATA_KEY_ERRORS,
  request: fields<GenerateDataKeyRequest>()(dataKeyFields),
  response: fields<GenerateDataKeyResponse>()({
    ...dataKeyAnswer,
    plaintext: bytes({ lengths: "as many as asked for", doc: "The data key." }),
  }),
  run: newDataKey,
});
