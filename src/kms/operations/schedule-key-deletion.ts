import type { Call } from "../core/call.ts";
import { MAX_PENDING_DAYS, MIN_PENDING_DAYS, SECONDS_PER_DAY } from "../policy/limits.ts";
import { UNTIL_DELETION_STATE } from "../policy/state-table.ts";
import { KmsError } from "../ports/errors.ts";
import { integer } from "../schema/scalars.ts";
import { fields, nothing } from "../schema/schema.ts";
import { operation, type ReadOf } from "./operation.ts";
import { changeKey } from "./parts/change-key.ts";
import { type KeyIdRequest, keyIdField } from "./parts/key-id.ts";

export interface ScheduleKeyDeletionRequest extends KeyIdRequest {
  /** 7 to 366. */
  readonly pendingWindowInDays: number;
}

export const scheduleKeyDeletion = operation({
  name: "ScheduleKeyDeletion",
  plane: "life-cycle",
  repeatable: false,
  states: UNTIL_DELETION_STATE,
  doc: "Disables a key, and deletes it with its material when the window is over.",
  errors: ["Rejected.StateModifiedFailed"],
  request: fields<ScheduleKeyDeletionRequest>()({
    ...keyIdField,
    pendingWindowInDays: integer([MIN_PENDING_DAYS, MAX_PENDING_DAYS]),
  }),
  response: nothing,
});

export function runScheduleKeyDeletion(call: Call, { keyId, pendingWindowInDays }: ReadOf<typeof scheduleKeyDeletion>) {
  const deleteAt = call.core.now() + pendingWindowInDays * SECONDS_PER_DAY * 1_000;
  return changeKey(call, keyId, (row) => {
    if (row.deletionProtected) throw protectedKey();
    return { state: "PendingDeletion", deleteAt };
  });
}

function protectedKey(): KmsError {
  return new KmsError(
    "Rejected.StateModifiedFailed",
    "Keystate modified failed. The key has deletion protection; switch it off with SetDeletionProtection first.",
  );
}
