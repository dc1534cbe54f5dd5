import type { Call } from "../core/call.ts";
import { ALWAYS } from "../policy/state-table.ts";
import { record } from "../schema/list.ts";
import { fields } from "../schema/schema.ts";
import { keyName, string } from "../schema/text.ts";
import { operation, type ReadOf } from "./operation.ts";
import { type KeyVersion, keyVersion, keyVersionSchema, versionOf } from "./parts/key-version.ts";

export interface DescribeKeyVersionRequest {
  /** Key id, alias or ARN. */
  readonly keyId: string;
  readonly keyVersionId: string;
}

export interface DescribeKeyVersionResponse {
  readonly keyVersion: KeyVersion;
}

export const describeKeyVersion = operation({
  name: "DescribeKeyVersion",
  plane: "data",
  repeatable: true,
  states: ALWAYS,
  doc: "Answers with the time a version of a key was made.",
  errors: [],
  request: fields<DescribeKeyVersionRequest>()({ keyId: keyName({ alias: true }), keyVersionId: string() }),
  response: fields<DescribeKeyVersionResponse>()({ keyVersion: record(keyVersionSchema, { name: "KeyVersion" }) }),
});

export async function runDescribeKeyVersion(call: Call, { keyId, keyVersionId }: ReadOf<typeof describeKeyVersion>) {
  const { row } = await call.core.directory.resolve(keyId);
  call.event.keyId = row.keyId;
  return { keyVersion: keyVersion(await versionOf(call, row.keyId, keyVersionId)) };
}
