import type { Call } from "../call.ts";
import { keyNotFound } from "../errors.ts";
import { keyIdOnly } from "../ids.ts";
import { effective } from "../life-cycle.ts";
import type { KeyRow } from "../ports/index.ts";
import type { TrustedReader } from "../rows/trusted-reader.ts";
import { type KeyOperation, requireState } from "../state-table.ts";

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
  const row = effective(await rows.key(keyId), call.core.now());
  if (row === undefined) throw keyNotFound();
  requireState(request.operation, row.state);
  return row;
}
