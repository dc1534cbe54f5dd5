import type { Call } from "../core/call.ts";
import { MAX_DESCRIPTION_CHARACTERS } from "../policy/limits.ts";
import { UNTIL_DELETION } from "../policy/state-table.ts";
import { fields, nothing } from "../schema/schema.ts";
import { text } from "../schema/text.ts";
import { operation, type ReadOf } from "./operation.ts";
import { changeKey } from "./parts/change-key.ts";
import { type KeyIdRequest, keyIdField } from "./parts/key-id.ts";

export interface UpdateKeyDescriptionRequest extends KeyIdRequest {
  /** At most 8,192 characters; may be empty. */
  readonly description: string;
}

export const updateKeyDescription = operation({
  name: "UpdateKeyDescription",
  plane: "life-cycle",
  repeatable: true,
  states: UNTIL_DELETION,
  doc: "Replaces the description of a key.",
  errors: [],
  request: fields<UpdateKeyDescriptionRequest>()({ ...keyIdField, description: text(MAX_DESCRIPTION_CHARACTERS) }),
  response: nothing,
});

export function runUpdateKeyDescription(call: Call, { keyId, description }: ReadOf<typeof updateKeyDescription>) {
  return changeKey(call, keyId, () => ({ description }));
}
