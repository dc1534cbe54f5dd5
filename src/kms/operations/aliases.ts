import { type Call, change } from "../core/call.ts";
import { KmsError } from "../ports/errors.ts";
import type { AliasRow, Page } from "../ports/index.ts";
import { aliasArn, keyIdOnly, newAliasName, requiredString } from "../wire/ids.ts";
import { type PageAnswer, type PageFields, pageOf, requestObject } from "../wire/request-fields.ts";
import { keyForChange } from "./key-for-change.ts";

export interface AliasRequest {
  /** Key id or ARN; no alias. */
  readonly keyId: string;
  /** `alias/` and 1 to 255 letters, digits, `_`, `/` and `-`. */
  readonly aliasName: string;
}

export interface DeleteAliasRequest {
  readonly aliasName: string;
}

export interface ListAliasesByKeyIdRequest extends PageFields {
  readonly keyId: string;
}

export interface Alias {
  readonly keyId: string;
  readonly aliasName: string;
  readonly aliasArn: string;
}

export interface ListAliasesResponse extends PageAnswer {
  /** In order of name. */
  readonly aliases: readonly Alias[];
}

export async function createAlias(call: Call, request: AliasRequest): Promise<void> {
  const aliasName = newAliasName(request.aliasName);
  keyIdOnly(request.keyId, call.core.realm);
  await change(call, async (rows) => {
    const { keyId } = await keyForChange(call, rows, { keyId: request.keyId, operation: "CreateAlias" });
    const added = await rows.addAlias({ aliasName, keyId, createdAt: call.core.now() });
    if (!added) throw new KmsError("AliasAlreadyExists", "AliasName Already Exists.");
  });
}

/** Points an alias at another key. */
export async function updateAlias(call: Call, request: AliasRequest): Promise<void> {
  const aliasName = requiredString(request.aliasName, "AliasName");
  keyIdOnly(request.keyId, call.core.realm);
  await change(call, async (rows) => {
    const { keyId } = await keyForChange(call, rows, { keyId: request.keyId, operation: "UpdateAlias" });
    const alias = await rows.alias(known(aliasName));
    if (alias === undefined) throw aliasNotFound();
    await rows.putAlias({ ...alias, keyId });
  });
}

export async function deleteAlias(call: Call, request: DeleteAliasRequest): Promise<void> {
  const aliasName = requiredString(request.aliasName, "AliasName");
  await change(call, async (rows) => {
    const alias = await rows.alias(known(aliasName));
    if (alias === undefined) throw aliasNotFound();
    call.event.keyId = alias.keyId;
    await rows.deleteAlias(aliasName);
  });
}

/** A name no alias can have is that of none. */
function known(aliasName: string): string {
  try {
    return newAliasName(aliasName);
  } catch {
    throw aliasNotFound();
  }
}

function aliasNotFound(): KmsError {
  return new KmsError("Forbidden.AliasNotFound", "The specified Alias is not found.");
}

export async function listAliases(call: Call, request?: PageFields): Promise<ListAliasesResponse> {
  const page = pageOf(requestObject(request));
  return answer(call, page, await call.core.read((rows) => rows.aliases(page)));
}

export async function listAliasesByKeyId(call: Call, request: ListAliasesByKeyIdRequest): Promise<ListAliasesResponse> {
  const page = pageOf(request);
  const keyId = keyIdOnly(request.keyId, call.core.realm);
  await call.core.directory.resolve(keyId);
  call.event.keyId = keyId;
  return answer(call, page, await call.core.read((rows) => rows.aliases(page, keyId)));
}

function answer(call: Call, page: ReturnType<typeof pageOf>, { rows, total }: Page<AliasRow>): ListAliasesResponse {
  const { pageNumber, pageSize } = page;
  const aliases = rows.map(({ keyId, aliasName }) => ({
    keyId,
    aliasName,
    aliasArn: aliasArn(call.core.realm, aliasName),
  }));
  return { pageNumber, pageSize, totalCount: total, aliases };
}
