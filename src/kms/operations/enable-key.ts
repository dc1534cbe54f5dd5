import { ENABLED_OR_DISABLED } from "../policy/state-table.ts";
import { fields, nothing } from "../schema/schema.ts";
import { operation } from "./operation.ts";
import { changeKey } from "./parts/change-key.ts";
import { type KeyIdRequest, keyIdField } from "./parts/key-id.ts";

export type { KeyIdRequest } from "./parts/key-id.ts";

export const enableKey = operation({
  name: "EnableKey",
  plane: "life-cycle",
  states: ENABLED_OR_DISABLED,
  doc: "Enables a disabled key.",
  errors: [],
  request: fields<KeyIdRequest>()(keyIdField),
  response: nothing,
  run: (call, { keyId }) => changeKey(call, keyId, () => ({ state: "Enabled" })),
});
