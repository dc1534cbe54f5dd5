import type { Call } from "../core/call.ts";
import { firstMode } from "../policy/key-matrix.ts";
import { type KeyMetadata, keyMetadata } from "./key-metadata.ts";

export interface DescribeKeyRequest {
  /** Key id, alias or ARN. */
  readonly keyId: string;
}

export interface DescribeKeyResponse {
  readonly keyMetadata: KeyMetadata;
}

export async function describeKey(call: Call, request: DescribeKeyRequest): Promise<DescribeKeyResponse> {
  const { core, event } = call;
  const { row } = await core.directory.resolve(request.keyId);
  event.keyId = row.keyId;
  const custody = await core.read(async (rows) => {
    const first = row.primaryVersionId ?? (await rows.versions(row.keyId, { offset: 0, limit: 1 })).rows[0]?.versionId;
    return first && (await rows.keyObject({ versionId: first, mode: firstMode(row) }))?.custody;
  });
  return { keyMetadata: keyMetadata(row, { realm: core.realm, custody: custody || undefined }) };
}
