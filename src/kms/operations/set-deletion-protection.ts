import type { Call } from "../core/call.ts";
import { MAX_DESCRIPTION_CHARACTERS } from "../policy/limits.ts";
import { UNTIL_DELETION } from "../policy/state-table.ts";
import { missingParameter } from "../ports/errors.ts";
import { optional, withDefault } from "../schema/field.ts";
import { boolean } from "../schema/scalars.ts";
import { fields, nothing } from "../schema/schema.ts";
import { keyName, text } from "../schema/text.ts";
import { operation, type ReadOf } from "./operation.ts";
import { changeKey } from "./parts/change-key.ts";

export interface SetDeletionProtectionRequest {
  /** Key id or ARN; the service calls it so since it once took ARNs only. */
  readonly protectedResourceArn?: string | undefined;
  /** The newer name of the same. */
  readonly keyId?: string | undefined;
  readonly enableDeletionProtection: boolean;
  readonly deletionProtectionDescription?: string | undefined;
}

export const setDeletionProtection = operation({
  name: "SetDeletionProtection",
  plane: "life-cycle",
  repeatable: true,
  states: UNTIL_DELETION,
  doc: "Switches deletion protection on or off: the deletion of a protected key cannot be scheduled.",
  errors: [],
  request: fields<SetDeletionProtectionRequest>()({
    protectedResourceArn: optional(keyName({ alias: false, doc: "Required where there is no `keyId`." })),
    keyId: optional(keyName({ alias: false, doc: "The newer name of the same." })),
    enableDeletionProtection: boolean(),
    deletionProtectionDescription: withDefault(text(MAX_DESCRIPTION_CHARACTERS), ""),
  }),
  response: nothing,
});

export async function runSetDeletionProtection(call: Call, request: ReadOf<typeof setDeletionProtection>) {
  const name = request.protectedResourceArn ?? request.keyId;
  if (name === undefined) throw missingParameter("ProtectedResourceArn");
  const { enableDeletionProtection: deletionProtected, deletionProtectionDescription } = request;
  await changeKey(call, name, () => ({ deletionProtected, deletionProtectionDescription }));
}
