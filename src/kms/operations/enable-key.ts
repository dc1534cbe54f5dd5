import type { Call } from "../core/call.ts";
import { ENABLED_OR_DISABLED } from "../policy/state-table.ts";
import { fields, nothing } from "../schema/schema.ts";
import { operation, type ReadOf } from "./operation.ts";
import { changeKey } from "./parts/change-key.ts";
import { type KeyIdRequest, keyIdField } from "./parts/key-id.ts";

export type { KeyIdRequest } from "./parts/key-id.ts";

export const enableKey = operation({
  name: "EnableKey",
  plane: "life-cycle",
  repeatable: true,
  states: ENABLED_OR_DISABLED,
  doc: "Enables a disabled key.",
  errors: [],
  request: fields<KeyIdRequest>()(keyIdField),
  response: nothing,
});

export function runEnableKey(call: Call, { keyId }: ReadOf<typeof enableKey>) {
  return changeKey(call, keyId, () => ({ state: "Enabled" }));
}
