import type { Call } from "../core/call.ts";
import { keyAsOf } from "../policy/due.ts";
import { requireState } from "../policy/state-table.ts";
import { keyNotFound } from "../ports/errors.ts";
import type { KeyRow } from "../ports/index.ts";
import type { TrustedReader } from "../rows/trusted-reader.ts";

/** Reads a key inside the transaction that changes it. Refuses operations that its state does not allow. */
export async function keyForChange(call: Call, rows: TrustedReader, keyId: string): Promise<KeyRow> {
  call.event.keyId = keyId;
  const row = keyAsOf(await rows.key(keyId), call.core.now());
  if (row === undefined) throw keyNotFound();
  requireState(call.operation, row.state);
  return row;
}
