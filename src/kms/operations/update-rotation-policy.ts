import type { Call } from "../core/call.ts";
import { cannotRotate } from "../life-cycle/transitions.ts";
import { WHILE_ENABLED } from "../policy/state-table.ts";
import { missingParameter } from "../ports/errors.ts";
import { boolean } from "../schema/scalars.ts";
import { fields, nothing } from "../schema/schema.ts";
import { operation, type ReadOf } from "./operation.ts";
import { changeKey } from "./parts/change-key.ts";
import { type KeyIdRequest, keyIdField } from "./parts/key-id.ts";
import { isRotatable, rotationInterval } from "./parts/rotation.ts";

export interface UpdateRotationPolicyRequest extends KeyIdRequest {
  readonly enableAutomaticRotation: boolean;
  /** Like `365d`; required when rotation is enabled. 7 to 730 days. */
  readonly rotationInterval?: string | undefined;
}

export const updateRotationPolicy = operation({
  name: "UpdateRotationPolicy",
  plane: "life-cycle",
  repeatable: true,
  states: WHILE_ENABLED,
  doc: "Switches the automatic rotation of a symmetric key on or off.",
  errors: ["UnsupportedOperation"],
  request: fields<UpdateRotationPolicyRequest>()({
    ...keyIdField,
    enableAutomaticRotation: boolean(),
    rotationInterval,
  }),
  response: nothing,
});

export async function runUpdateRotationPolicy(
  call: Call,
  { keyId, enableAutomaticRotation: rotationEnabled, rotationInterval: seconds }: ReadOf<typeof updateRotationPolicy>,
) {
  if (rotationEnabled && seconds === undefined) throw missingParameter("RotationInterval");
  const rotationSeconds = rotationEnabled ? (seconds ?? null) : null;
  await changeKey(call, keyId, (row) => {
    if (!isRotatable(row)) throw cannotRotate();
    return { rotationEnabled, rotationSeconds };
  });
}
