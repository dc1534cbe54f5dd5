import { type Call, change } from "../core/call.ts";
import { ALWAYS } from "../policy/state-table.ts";
import { fields, nothing } from "../schema/schema.ts";
import { operation, type ReadOf } from "./operation.ts";
import { aliasNameField, aliasNotFound, knownAliasName } from "./parts/alias-name.ts";

export interface DeleteAliasRequest {
  readonly aliasName: string;
}

export const deleteAlias = operation({
  name: "DeleteAlias",
  plane: "life-cycle",
  repeatable: false,
  states: ALWAYS,
  doc: "Removes an alias; the key stays.",
  errors: ["Forbidden.AliasNotFound"],
  request: fields<DeleteAliasRequest>()({ aliasName: aliasNameField }),
  response: nothing,
});

export async function runDeleteAlias(call: Call, { aliasName }: ReadOf<typeof deleteAlias>) {
  await change(call, async (rows) => {
    const alias = await rows.alias(knownAliasName(aliasName));
    if (alias === undefined) throw aliasNotFound();
    call.event.keyId = alias.keyId;
    await rows.deleteAlias(aliasName);
  });
}
