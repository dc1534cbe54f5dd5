import type { Call } from "../core/call.ts";
import { WHILE_ENABLED } from "../policy/state-table.ts";
import { fields } from "../schema/schema.ts";
import { newDataKey } from "../use/new-data-key.ts";
import type { GenerateDataKeyRequest } from "./generate-data-key.ts";
import { operation, type ReadOf } from "./operation.ts";
import { DATA_KEY_ERRORS, dataKeyAnswer, dataKeyFields } from "./parts/data-key.ts";

export interface GenerateDataKeyWithoutPlaintextResponse {
  readonly keyId: string;
  readonly keyVersionId: string;
  /** The data key under the CMK. */
  readonly ciphertextBlob: Uint8Array;
}

export const generateDataKeyWithoutPlaintext = operation({
  name: "GenerateDataKeyWithoutPlaintext",
  plane: "data",
  repeatable: true,
  states: WHILE_ENABLED,
  doc: "Draws a random data key and answers with it encrypted, for later use.",
  errors: DATA_KEY_ERRORS,
  request: fields<GenerateDataKeyRequest>()(dataKeyFields),
  response: fields<GenerateDataKeyWithoutPlaintextResponse>()(dataKeyAnswer),
});

export async function runGenerateDataKeyWithoutPlaintext(
  call: Call,
  request: ReadOf<typeof generateDataKeyWithoutPlaintext>,
) {
  const { plaintext, ...encrypted } = await newDataKey(call, request);
  plaintext.fill(0);
  return encrypted;
}
