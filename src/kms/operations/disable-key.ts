import type { Call } from "../core/call.ts";
import { ENABLED_OR_DISABLED } from "../policy/state-table.ts";
import { fields, nothing } from "../schema/schema.ts";
import { operation, type ReadOf } from "./operation.ts";
import { changeKey } from "./parts/change-key.ts";
import { type KeyIdRequest, keyIdField } from "./parts/key-id.ts";

export const disableKey = operation({
  name: "DisableKey",
  plane: "life-cycle",
  repeatable: true,
  states: ENABLED_OR_DISABLED,
  doc: "Disables a key: no operation uses it until it is enabled again.",
  errors: [],
  request: fields<KeyIdRequest>()(keyIdField),
  response: nothing,
});

export function runDisableKey(call: Call, { keyId }: ReadOf<typeof disableKey>) {
  return changeKey(call, keyId, () => ({ state: "Disabled" }));
}
