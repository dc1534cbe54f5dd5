import { type Call, change } from "../core/call.ts";
import { cannotRotate, canRotate, rotate } from "../life-cycle/transitions.ts";
import { requireState, WHILE_ENABLED } from "../policy/state-table.ts";
import { keyNotFound } from "../ports/errors.ts";
import { record } from "../schema/list.ts";
import { fields } from "../schema/schema.ts";
import { keyName } from "../schema/text.ts";
import { keyForChange } from "../use/key-for-change.ts";
import { operation, type ReadOf } from "./operation.ts";
import { type KeyVersion, keyVersion, keyVersionSchema } from "./parts/key-version.ts";
import { isRotatable } from "./parts/rotation.ts";

export interface RotateKeyRequest {
  /** Key id, alias or ARN of a symmetric key. */
  readonly keyId: string;
}

export interface RotateKeyResponse {
  readonly keyVersion: KeyVersion;
}

export const rotateKey = operation({
  name: "RotateKey",
  plane: "life-cycle",
  repeatable: false,
  states: WHILE_ENABLED,
  doc: "Ours: gives a symmetric key a new primary version now; the service rotates by policy alone.",
  errors: ["UnsupportedOperation"],
  request: fields<RotateKeyRequest>()({ keyId: keyName({ alias: true }) }),
  response: fields<RotateKeyResponse>()({ keyVersion: record(keyVersionSchema, { name: "KeyVersion" }) }),
});

export async function runRotateKey(call: Call, request: ReadOf<typeof rotateKey>) {
  const { core, event } = call;
  const { row } = await core.directory.resolve(request.keyId);
  const { keyId } = row;
  event.keyId = keyId;
  requireState(call.operation, row.state);
  if (!isRotatable(row)) throw cannotRotate();
  const version = await rotate(core, keyId, { event, onlyIf: canRotate });
  if (version !== undefined) {
    call.recorded = true;
    return { keyVersion: keyVersion(version) };
  }
  // The key changed since it was looked at: its state says why it cannot rotate any more.
  await change(call, async (rows) => {
    await keyForChange(call, rows, keyId);
  });
  throw keyNotFound();
}
