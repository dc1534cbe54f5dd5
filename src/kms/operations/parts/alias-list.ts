import type { Call } from "../../core/call.ts";
import { MAX_PAGE_SIZE } from "../../policy/limits.ts";
import type { AliasRow, Page } from "../../ports/index.ts";
import { listOf } from "../../schema/list.ts";
import { fields } from "../../schema/schema.ts";
import { string } from "../../schema/text.ts";
import { aliasArn } from "../../wire/ids.ts";
import { type PageAnswer, pageAnswer, type pageOf } from "./page.ts";

export interface Alias {
  readonly keyId: string;
  readonly aliasName: string;
  /** Names the key wherever an alias does. */
  readonly aliasArn: string;
}

export interface ListAliasesResponse extends PageAnswer {
  /** In order of name. */
  readonly aliases: readonly Alias[];
}

const alias = fields<Alias>()({ keyId: string(), aliasName: string(), aliasArn: string() });

export const aliasListSchema = fields<ListAliasesResponse>()({
  ...pageAnswer,
  aliases: listOf<Alias>(alias, { most: MAX_PAGE_SIZE, item: "Alias", doc: "In order of name." }),
});

export function aliasList(
  { core }: Call,
  { pageNumber, pageSize }: ReturnType<typeof pageOf>,
  { rows, total }: Page<AliasRow>,
): ListAliasesResponse {
  const aliases = rows.map(({ keyId, aliasName }) => ({ keyId, aliasName, aliasArn: aliasArn(core.realm, aliasName) }));
  return { pageNumber, pageSize, totalCount: total, aliases };
}
