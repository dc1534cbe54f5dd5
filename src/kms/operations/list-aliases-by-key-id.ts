import type { Call } from "../core/call.ts";
import { ALWAYS } from "../policy/state-table.ts";
import { fields } from "../schema/schema.ts";
import { keyIdOnly } from "../wire/ids.ts";
import { operation, type ReadOf } from "./operation.ts";
import { aliasList, aliasListSchema } from "./parts/alias-list.ts";
import { keyIdField } from "./parts/key-id.ts";
import { type PageFields, pageFields, pageOf } from "./parts/page.ts";

export interface ListAliasesByKeyIdRequest extends PageFields {
  readonly keyId: string;
}

export const listAliasesByKeyId = operation({
  name: "ListAliasesByKeyId",
  plane: "data",
  repeatable: true,
  states: ALWAYS,
  doc: "Lists the aliases of one key.",
  errors: [],
  request: fields<ListAliasesByKeyIdRequest>()({ ...keyIdField, ...pageFields }),
  response: aliasListSchema,
});

export async function runListAliasesByKeyId(call: Call, request: ReadOf<typeof listAliasesByKeyId>) {
  const page = pageOf(request);
  const keyId = keyIdOnly(request.keyId, call.core.realm);
  await call.core.directory.resolve(keyId);
  call.event.keyId = keyId;
  return aliasList(call, page, await call.core.read((rows) => rows.aliases(page, keyId)));
}
