import type { Call } from "../core/call.ts";
import { removeMaterial } from "../life-cycle/transitions.ts";
import { ALWAYS } from "../policy/state-table.ts";
import { keyNotFound } from "../ports/errors.ts";
import { fields, nothing } from "../schema/schema.ts";
import { keyIdOnly } from "../wire/ids.ts";
import { operation, type ReadOf } from "./operation.ts";
import { requireImported } from "./parts/imported.ts";
import { type KeyIdRequest, keyIdField } from "./parts/key-id.ts";

export const deleteKeyMaterial = operation({
  name: "DeleteKeyMaterial",
  plane: "life-cycle",
  repeatable: true,
  states: ALWAYS,
  doc: "Destroys imported material; the key then waits for the same material to be imported again.",
  errors: ["Unsupported.Origin"],
  request: fields<KeyIdRequest>()(keyIdField),
  response: nothing,
});

export async function runDeleteKeyMaterial(call: Call, request: ReadOf<typeof deleteKeyMaterial>) {
  const { core, event } = call;
  const keyId = keyIdOnly(request.keyId, core.realm);
  const { row } = await core.directory.resolve(keyId);
  event.keyId = keyId;
  requireImported(row);
  if (!(await removeMaterial(core, row, { event, onlyIf: () => true }))) throw keyNotFound();
  call.recorded = true;
}
