import type { Call } from "../core/call.ts";
import { keyAsOf } from "../policy/due.ts";
import { type KeyOperation, requireState } from "../policy/state-table.ts";
import { keyNotFound } from "../ports/errors.ts";
import type { KeyRow } from "../ports/index.ts";
import type { TrustedReader } from "../rows/trusted-reader.ts";
import { keyIdOnly } from "../wire/ids.ts";

interface KeyForChange {
  /** As the caller named it: a key id or an ARN, never an alias. */
  readonly keyId: unknown;
  readonly parameter?: string;
  readonly operation: KeyOperation;
}

/** Reads a key inside the transaction that changes it, as it is now, and refuses what its state does not allow. */
export async function keyForChange(call: Call, rows: TrustedReader, request: KeyForChange): Promise<KeyRow> {
  const keyId = keyIdOnly(request.keyId, call.core.realm, request.parameter);
  call.event.keyId = keyId;
  const row = keyAsOf(await rows.key(keyId), call.core.now());
  if (row === undefined) throw keyNotFound();
  requireState(request.operation, row.state);
  return row;
}
