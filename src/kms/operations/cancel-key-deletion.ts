import type { Call } from "../core/call.ts";
import { WHILE_PENDING_DELETION } from "../policy/state-table.ts";
import type { KeyRow } from "../ports/index.ts";
import type { TrustedReader } from "../rows/trusted-reader.ts";
import { fields, nothing } from "../schema/schema.ts";
import { operation, type ReadOf } from "./operation.ts";
import { changeKey } from "./parts/change-key.ts";
import { type KeyIdRequest, keyIdField } from "./parts/key-id.ts";

export const cancelKeyDeletion = operation({
  name: "CancelKeyDeletion",
  plane: "life-cycle",
  repeatable: false,
  states: WHILE_PENDING_DELETION,
  doc: "Cancels a scheduled deletion: the key is enabled, or waits for its import if it has no material.",
  errors: [],
  request: fields<KeyIdRequest>()(keyIdField),
  response: nothing,
});

export function runCancelKeyDeletion(call: Call, { keyId }: ReadOf<typeof cancelKeyDeletion>) {
  return changeKey(call, keyId, async (row, rows) => ({
    state: (await hasMaterial(rows, row)) ? "Enabled" : "PendingImport",
    deleteAt: null,
  }));
}

/** Only imported keys can lack it. */
async function hasMaterial(rows: TrustedReader, row: KeyRow): Promise<boolean> {
  if (row.origin === "Aliyun_KMS") return true;
  const [version] = (await rows.versions(row.keyId, { offset: 0, limit: 1 })).rows;
  return version !== undefined && (await rows.keyObjects(version.versionId)).length > 0;
}
