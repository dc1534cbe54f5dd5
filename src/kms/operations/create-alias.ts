import { type Call, change } from "../core/call.ts";
import { UNTIL_DELETION_STATE } from "../policy/state-table.ts";
import { KmsError } from "../ports/errors.ts";
import { fields, nothing } from "../schema/schema.ts";
import { keyForChange } from "../use/key-for-change.ts";
import { keyIdOnly, newAliasName } from "../wire/ids.ts";
import { operation, type ReadOf } from "./operation.ts";
import { aliasNameField } from "./parts/alias-name.ts";
import { keyIdField } from "./parts/key-id.ts";

export interface AliasRequest {
  /** Key id or ARN; no alias. */
  readonly keyId: string;
  /** `alias/` and 1 to 255 letters, digits, `_`, `/` and `-`. */
  readonly aliasName: string;
}

export const createAlias = operation({
  name: "CreateAlias",
  plane: "life-cycle",
  repeatable: false,
  states: UNTIL_DELETION_STATE,
  doc: "Gives a key another name.",
  errors: ["AliasAlreadyExists"],
  request: fields<AliasRequest>()({ ...keyIdField, aliasName: aliasNameField }),
  response: nothing,
});

export async function runCreateAlias(call: Call, request: ReadOf<typeof createAlias>) {
  const aliasName = newAliasName(request.aliasName);
  const keyId = keyIdOnly(request.keyId, call.core.realm);
  await change(call, async (rows) => {
    await keyForChange(call, rows, keyId);
    const added = await rows.addAlias({ aliasName, keyId, createdAt: call.core.now() });
    if (!added) throw new KmsError("AliasAlreadyExists", "AliasName Already Exists.");
  });
}
