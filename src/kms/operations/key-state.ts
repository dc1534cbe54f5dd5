import { type Call, change } from "../core/call.ts";
import { MAX_PENDING_DAYS, MIN_PENDING_DAYS, SECONDS_PER_DAY } from "../policy/limits.ts";
import type { KeyOperation } from "../policy/state-table.ts";
import { KmsError } from "../ports/errors.ts";
import type { KeyRow } from "../ports/index.ts";
import type { TrustedReader } from "../rows/trusted-reader.ts";
import { keyIdOnly } from "../wire/ids.ts";
import { requiredInteger } from "../wire/request-fields.ts";
import { keyForChange } from "./key-for-change.ts";

/** A request that names a key and nothing else. */
export interface KeyIdRequest {
  /** Key id or ARN; no alias. */
  readonly keyId: string;
}

export interface ScheduleKeyDeletionRequest extends KeyIdRequest {
  /** 7 to 366. */
  readonly pendingWindowInDays: number;
}

interface StateChange {
  readonly operation: KeyOperation;
  readonly update: (row: KeyRow, rows: TrustedReader) => Promise<Partial<KeyRow>>;
}

async function changeState(call: Call, request: KeyIdRequest, { operation, update }: StateChange): Promise<void> {
  keyIdOnly(request.keyId, call.core.realm);
  await change(call, async (rows) => {
    const row = await keyForChange(call, rows, { keyId: request.keyId, operation });
    await rows.putKey({ ...row, ...(await update(row, rows)) });
  });
}

export function enableKey(call: Call, request: KeyIdRequest): Promise<void> {
  return changeState(call, request, { operation: "EnableKey", update: async () => ({ state: "Enabled" }) });
}

export function disableKey(call: Call, request: KeyIdRequest): Promise<void> {
  return changeState(call, request, { operation: "DisableKey", update: async () => ({ state: "Disabled" }) });
}

export async function scheduleKeyDeletion(call: Call, request: ScheduleKeyDeletionRequest): Promise<void> {
  const range = [MIN_PENDING_DAYS, MAX_PENDING_DAYS] as const;
  const days = requiredInteger(request.pendingWindowInDays, "PendingWindowInDays", range);
  const deleteAt = call.core.now() + days * SECONDS_PER_DAY * 1_000;
  const update = async (row: KeyRow) => {
    if (row.deletionProtected) throw protectedKey();
    return { state: "PendingDeletion", deleteAt } as const;
  };
  await changeState(call, request, { operation: "ScheduleKeyDeletion", update });
}

export function cancelKeyDeletion(call: Call, request: KeyIdRequest): Promise<void> {
  const update = async (row: KeyRow, rows: TrustedReader) => {
    const state = (await hasMaterial(rows, row)) ? "Enabled" : "PendingImport";
    return { state, deleteAt: null } as const;
  };
  return changeState(call, request, { operation: "CancelKeyDeletion", update });
}

/** Only imported keys can be without. */
async function hasMaterial(rows: TrustedReader, row: KeyRow): Promise<boolean> {
  if (row.origin === "Aliyun_KMS") return true;
  const [version] = (await rows.versions(row.keyId, { offset: 0, limit: 1 })).rows;
  return version !== undefined && (await rows.keyObjects(version.versionId)).length > 0;
}

function protectedKey(): KmsError {
  return new KmsError(
    "Rejected.StateModifiedFailed",
    "Keystate modified failed. The key has deletion protection; switch it off with SetDeletionProtection first.",
  );
}
