import { fields } from "../schema/schema.ts";
import { operation } from "./operation.ts";
import { aliasList, aliasListSchema } from "./parts/alias-list.ts";
import { type PageFields, pageFields, pageOf } from "./parts/page.ts";

export type { Alias, ListAliasesResponse } from "./parts/alias-list.ts";
export type { PageFields } from "./parts/page.ts";

export const listAliases = operation({
  name: "ListAliases",
  plane: "data",
  doc: "Lists the aliases of all keys.",
  errors: [],
  request: fields<PageFields>()(pageFields),
  response: aliasListSchema,
  async run(call, request) {
    const page = pageOf(request);
    return aliasList(call, page, await call.core.read((rows) => rows.aliases(page)));
  },
});
