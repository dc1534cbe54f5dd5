import type { Call } from "../core/call.ts";
import { removeMaterial } from "../life-cycle/transitions.ts";
import { keyNotFound } from "../ports/errors.ts";
import { keyIdOnly } from "../wire/ids.ts";
import { requireImported } from "./get-parameters-for-import.ts";
import type { KeyIdRequest } from "./key-state.ts";

/** Destroys imported material; the key then waits for the same material to be imported again. */
export async function deleteKeyMaterial(call: Call, request: KeyIdRequest): Promise<void> {
  const { core, event } = call;
  const keyId = keyIdOnly(request.keyId, core.realm);
  const { row } = await core.directory.resolve(keyId);
  event.keyId = keyId;
  requireImported(row);
  if (!(await removeMaterial(core, row, { event, onlyIf: () => true }))) throw keyNotFound();
  call.recorded = true;
}
