import { type Call, change } from "../core/call.ts";
import { UNTIL_DELETION } from "../policy/state-table.ts";
import { fields, nothing } from "../schema/schema.ts";
import { keyForChange } from "../use/key-for-change.ts";
import { keyIdOnly } from "../wire/ids.ts";
import type { AliasRequest } from "./create-alias.ts";
import { operation, type ReadOf } from "./operation.ts";
import { aliasNameField, aliasNotFound, knownAliasName } from "./parts/alias-name.ts";
import { keyIdField } from "./parts/key-id.ts";

export const updateAlias = operation({
  name: "UpdateAlias",
  plane: "life-cycle",
  repeatable: true,
  states: UNTIL_DELETION,
  doc: "Points an alias at another key.",
  errors: ["Forbidden.AliasNotFound"],
  request: fields<AliasRequest>()({ ...keyIdField, aliasName: aliasNameField }),
  response: nothing,
});

export async function runUpdateAlias(call: Call, request: ReadOf<typeof updateAlias>) {
  const keyId = keyIdOnly(request.keyId, call.core.realm);
  await change(call, async (rows) => {
    await keyForChange(call, rows, keyId);
    const alias = await rows.alias(knownAliasName(request.aliasName));
    if (alias === undefined) throw aliasNotFound();
    await rows.putAlias({ ...alias, keyId });
  });
}
