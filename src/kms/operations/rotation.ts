import { type Call, change } from "../core/call.ts";
import { cannotRotate, canRotate, rotate } from "../life-cycle/transitions.ts";
import { isSymmetric } from "../policy/key-matrix.ts";
import { requireState } from "../policy/state-table.ts";
import { keyNotFound } from "../ports/errors.ts";
import type { KeyRow } from "../ports/index.ts";
import { keyIdOnly } from "../wire/ids.ts";
import { requiredBoolean, requiredInterval } from "../wire/request-fields.ts";
import { ROTATION_RANGE } from "./create-key.ts";
import { keyForChange } from "./key-for-change.ts";
import type { KeyIdRequest } from "./key-state.ts";
import { type KeyVersion, keyVersion } from "./key-versions.ts";

export interface UpdateRotationPolicyRequest extends KeyIdRequest {
  readonly enableAutomaticRotation: boolean;
  /** Like `365d`; required when rotation is enabled. 7 to 730 days. */
  readonly rotationInterval?: string | undefined;
}

export interface RotateKeyResponse {
  readonly keyVersion: KeyVersion;
}

function requireRotatable(row: KeyRow): void {
  if (!isSymmetric(row.keySpec) || row.origin === "EXTERNAL") throw cannotRotate();
}

export async function updateRotationPolicy(call: Call, request: UpdateRotationPolicyRequest): Promise<void> {
  keyIdOnly(request.keyId, call.core.realm);
  const rotationEnabled = requiredBoolean(request.enableAutomaticRotation, "EnableAutomaticRotation");
  const rotationSeconds = rotationEnabled
    ? requiredInterval(request.rotationInterval, "RotationInterval", ROTATION_RANGE)
    : null;
  await change(call, async (rows) => {
    const row = await keyForChange(call, rows, { keyId: request.keyId, operation: "UpdateRotationPolicy" });
    requireRotatable(row);
    await rows.putKey({ ...row, rotationEnabled, rotationSeconds });
  });
}

/** Gives a symmetric key a new primary version now. Ours: the service rotates by policy only. */
export async function rotateKey(call: Call, request: KeyIdRequest): Promise<RotateKeyResponse> {
  const { core, event } = call;
  const keyId = keyIdOnly(request.keyId, core.realm);
  const { row } = await core.directory.resolve(keyId);
  event.keyId = row.keyId;
  requireState("RotateKey", row.state);
  requireRotatable(row);
  const version = await rotate(core, keyId, { event, onlyIf: canRotate });
  if (version !== undefined) {
    call.recorded = true;
    return { keyVersion: keyVersion(version) };
  }
  // The key changed since it was looked at; it tells why it cannot rotate any more.
  await change(call, async (rows) => {
    await keyForChange(call, rows, { keyId, operation: "RotateKey" });
  });
  throw keyNotFound();
}
