import type { Call } from "../core/call.ts";
import { WHILE_ENABLED } from "../policy/state-table.ts";
import { bytes } from "../schema/bytes.ts";
import { fields } from "../schema/schema.ts";
import { dataKeyLength, newDataKey } from "../use/new-data-key.ts";
import type { ExportDataKeyResponse } from "./export-data-key.ts";
import type { GenerateDataKeyRequest } from "./generate-data-key.ts";
import { operation, type ReadOf } from "./operation.ts";
import { DATA_KEY_ERRORS, dataKeyFields } from "./parts/data-key.ts";
import { type ExportFields, exportAnswer, exportFields, recipientOf } from "./parts/export.ts";

export interface GenerateAndExportDataKeyRequest extends GenerateDataKeyRequest, ExportFields {}

export interface GenerateAndExportDataKeyResponse extends ExportDataKeyResponse {
  /** The data key under the CMK. */
  readonly ciphertextBlob: Uint8Array;
}

export const generateAndExportDataKey = operation({
  name: "GenerateAndExportDataKey",
  plane: "data",
  repeatable: true,
  states: WHILE_ENABLED,
  doc: "Draws a random data key and answers with it encrypted twice: under a CMK, and under a recipient's RSA_2048 key.",
  errors: DATA_KEY_ERRORS,
  request: fields<GenerateAndExportDataKeyRequest>()({ ...dataKeyFields, ...exportFields }),
  response: fields<GenerateAndExportDataKeyResponse>()({
    ...exportAnswer,
    ciphertextBlob: bytes({ doc: "The data key under the CMK." }),
  }),
});

export async function runGenerateAndExportDataKey(call: Call, request: ReadOf<typeof generateAndExportDataKey>) {
  const recipient = recipientOf(request);
  const { transport } = call.core;
  // A dry run ends before a data key exists, so check first whether one of that length fits the recipient.
  if (request.dryRun) await transport.wrapFor({ ...recipient, data: new Uint8Array(dataKeyLength(request)) });
  const { plaintext: data, ...encrypted } = await newDataKey(call, request);
  try {
    return { ...encrypted, exportedDataKey: await transport.wrapFor({ ...recipient, data }) };
  } finally {
    data.fill(0);
  }
}
