import type { Call } from "../core/call.ts";
import { fields } from "../schema/schema.ts";
import { operation, type ReadOf } from "./operation.ts";
import { aliasList, aliasListSchema } from "./parts/alias-list.ts";
import { type PageFields, pageFields, pageOf } from "./parts/page.ts";

export type { Alias, ListAliasesResponse } from "./parts/alias-list.ts";
export type { PageFields } from "./parts/page.ts";

export const listAliases = operation({
  name: "ListAliases",
  plane: "data",
  repeatable: true,
  doc: "Lists the aliases of all keys.",
  errors: [],
  request: fields<PageFields>()(pageFields),
  response: aliasListSchema,
});

export async function runListAliases(call: Call, request: ReadOf<typeof listAliases>) {
  const page = pageOf(request);
  return aliasList(call, page, await call.core.read((rows) => rows.aliases(page)));
}
