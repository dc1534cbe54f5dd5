import type { Call } from "../core/call.ts";
import { keyNotFound } from "../ports/errors.ts";
import type { VersionRow } from "../ports/index.ts";
import { isVersionId, requiredString } from "../wire/ids.ts";
import { type PageAnswer, type PageFields, pageOf } from "../wire/request-fields.ts";

export interface ListKeyVersionsRequest extends PageFields {
  /** Key id, alias or ARN. */
  readonly keyId: string;
}

export interface KeyVersion {
  readonly keyId: string;
  readonly keyVersionId: string;
  readonly creationDate: Date;
}

export interface ListKeyVersionsResponse extends PageAnswer {
  /** Oldest first. */
  readonly keyVersions: readonly KeyVersion[];
}

export interface DescribeKeyVersionRequest {
  /** Key id, alias or ARN. */
  readonly keyId: string;
  readonly keyVersionId: string;
}

export interface DescribeKeyVersionResponse {
  readonly keyVersion: KeyVersion;
}

export function keyVersion({ keyId, versionId, createdAt }: VersionRow): KeyVersion {
  return { keyId, keyVersionId: versionId, creationDate: new Date(createdAt) };
}

export async function listKeyVersions(call: Call, request: ListKeyVersionsRequest): Promise<ListKeyVersionsResponse> {
  const page = pageOf(request);
  const { row } = await call.core.directory.resolve(request.keyId);
  call.event.keyId = row.keyId;
  const { rows, total } = await call.core.read((reader) => reader.versions(row.keyId, page));
  const { pageNumber, pageSize } = page;
  return { pageNumber, pageSize, totalCount: total, keyVersions: rows.map(keyVersion) };
}

export async function describeKeyVersion(
  call: Call,
  request: DescribeKeyVersionRequest,
): Promise<DescribeKeyVersionResponse> {
  const versionId = requiredString(request.keyVersionId, "KeyVersionId");
  const { row } = await call.core.directory.resolve(request.keyId);
  call.event.keyId = row.keyId;
  return { keyVersion: keyVersion(await versionOf(call, row.keyId, versionId)) };
}

/** A version of this key; one of another key is as little found as one of none. */
export async function versionOf(call: Call, keyId: string, versionId: string): Promise<VersionRow> {
  const version = isVersionId(versionId) ? await call.core.read((rows) => rows.version(versionId)) : undefined;
  if (version?.keyId !== keyId) throw keyNotFound();
  call.event.keyVersionId = versionId;
  return version;
}
