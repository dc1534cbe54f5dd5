import { MAX_DATA_KEY } from "../../policy/limits.ts";
import { bytes } from "../../schema/bytes.ts";
import { context } from "../../schema/context.ts";
import { optional } from "../../schema/field.ts";
import { flag, integer } from "../../schema/scalars.ts";
import { choice, keyName, string } from "../../schema/text.ts";
import { dataKeyEncoding } from "../../use/data-key-encoding.ts";
import type { DataKeySpec } from "../../use/new-data-key.ts";

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
