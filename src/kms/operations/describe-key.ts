import type { Call } from "../core/call.ts";
import { firstMode } from "../policy/key-matrix.ts";
import { ALWAYS } from "../policy/state-table.ts";
import { record } from "../schema/list.ts";
import { fields } from "../schema/schema.ts";
import { keyName } from "../schema/text.ts";
import { operation, type ReadOf } from "./operation.ts";
import { type KeyMetadata, keyMetadata, keyMetadataSchema } from "./parts/key-metadata.ts";

export type { KeyMetadata } from "./parts/key-metadata.ts";

export interface DescribeKeyRequest {
  /** Key id, alias or ARN. */
  readonly keyId: string;
}

export interface DescribeKeyResponse {
  readonly keyMetadata: KeyMetadata;
}

export const describeKey = operation({
  name: "DescribeKey",
  plane: "data",
  repeatable: true,
  states: ALWAYS,
  doc: "Answers with everything about a key but its material.",
  errors: [],
  request: fields<DescribeKeyRequest>()({ keyId: keyName({ alias: true }) }),
  response: fields<DescribeKeyResponse>()({ keyMetadata: record(keyMetadataSchema, { name: "KeyMetadata" }) }),
});

export async function runDescribeKey(call: Call, { keyId }: ReadOf<typeof describeKey>) {
  const { core, event } = call;
  const { row } = await core.directory.resolve(keyId);
  event.keyId = row.keyId;
  const custody = await core.read(async (rows) => {
    const first = row.primaryVersionId ?? (await rows.versions(row.keyId, { offset: 0, limit: 1 })).rows[0]?.versionId;
    return first && (await rows.keyObject({ versionId: first, mode: firstMode(row) }))?.custody;
  });
  return { keyMetadata: keyMetadata(row, { realm: core.realm, custody: custody || undefined }) };
}
